// SPDX-License-Identifier: Apache-2.0
package org.trackway.helper.ftp;

import java.nio.charset.StandardCharsets;
import org.trackway.packet.IpAddress;

/**
 * What one line says of a data connection. The forms (RFC 959 section 4.1.2, RFC 1123 section 4.1.2.6, RFC 2428):
 *
 * <pre>
 * PORT 10,1,1,1,156,66                          commands
 * EPRT |1|10.1.1.1|40002|
 * EPRT |2|fc00::1|40002|
 * 227 Entering Passive Mode (10,1,1,2,195,203)  replies
 * 229 Entering Extended Passive Mode (|||50123|)
 * </pre>
 *
 * <p>What is accepted beyond that is what Open vSwitch accepts (lib/conntrack.c process_ftp_ctl_v4, process_ftp_ctl_v6):
 * any case, any text in front of the first digit, dots for commas and the reverse. A number counts when the character
 * behind it is there, so a line may be parsed before all of it has come.
 */
final class FtpMessage {

    private enum Form { PORT, EPRT, PASSIVE, EXTENDED_PASSIVE }

    /** How lines that matter begin, from the client. */
    static final String[] COMMANDS = {"PORT", "EPRT"};
    /** How lines that matter begin, from the server. */
    static final String[] REPLIES = {"227", "229"};

    private final byte[] text;
    private final boolean ended;
    private final boolean v6;
    private int at;
    private boolean wrong;
    private Form form;
    private IpAddress address;
    private int addressAt;
    private int addressLength;
    private int port;

    private FtpMessage(final byte[] text, final boolean ended, final boolean v6) {
        this.text = text;
        this.ended = ended;
        this.v6 = v6;
    }

    /**
     * Reads a line that begins like one that matters, as far as it is there.
     *
     * @param text  the line from its start, as far as it is there
     * @param ended whether nothing follows
     * @param v6    whether the control connection is of IPv6
     */
    static FtpMessage parse(final byte[] text, final boolean ended, final boolean v6) {
        final FtpMessage message = new FtpMessage(text, ended, v6);
        if (text.length >= 4) {
            message.form = switch (upper(text[0]) << 8 | upper(text[2])) {
                case 'P' << 8 | 'R' -> Form.PORT;
                case 'E' << 8 | 'R' -> Form.EPRT;
                default -> text[2] == '7' ? Form.PASSIVE : Form.EXTENDED_PASSIVE;
            };
            message.parse();
        }
        return message;
    }

    /** {@return the upper-case form of an ASCII letter, else the character} */
    static int upper(final int character) {
        return character >= 'a' && character <= 'z' ? character - 32 : character;
    }

    // ---- what it says ----

    /** {@return whether it can't become a sound message any more} */
    boolean isWrong() {
        return wrong;
    }

    /** {@return the address it names, or null if none has come so far} */
    IpAddress address() {
        return address;
    }

    /** {@return where in the line the address starts} */
    int addressAt() {
        return addressAt;
    }

    /** {@return how many bytes the address takes} */
    int addressLength() {
        return addressLength;
    }

    /** {@return the port it names, 0 if that has not come so far} */
    int port() {
        return port;
    }

    /** {@return an address as this form writes it} */
    String write(final IpAddress other) {
        return form == Form.EPRT ? other.toString() : other.toString().replace('.', ',');
    }

    /** {@return whether the first {@code count} bytes of the address are those of {@code other}} */
    boolean startsAddress(final byte[] other, final int count) {
        for (int i = 0; i < count; i++) {
            if (text[addressAt + i] != other[i]) {
                return false;
            }
        }
        return true;
    }

    // ---- reading ----

    private void parse() {
        if (v6 && (form == Form.PORT || form == Form.PASSIVE)) {
            // Neither can name an IPv6 address; Open vSwitch lets them pass too.
            return;
        }
        at = 3;
        if (!skipTo(' ')) {
            return;
        }
        if (form == Form.EXTENDED_PASSIVE) {
            final int space = at;
            if (!find('(')) {
                if (!ended) {
                    return;
                }
                at = space;
            }
        }
        if (!skipToDigit() || form == Form.EPRT && !family()) {
            return;
        }
        if (form != Form.EXTENDED_PASSIVE && !(v6 ? addressV6() : addressV4())) {
            return;
        }
        if (form == Form.EPRT || form == Form.EXTENDED_PASSIVE) {
            port = Math.max(number(6, 65535), 0);
        } else {
            final int high = number(4, 255);
            at++;
            final int low = high < 0 ? -1 : number(6, 255);
            port = low < 0 ? 0 : high << 8 | low;
        }
    }

    /** The line ends here, or what was needed is missing: too early, or wrong for good. */
    private boolean incomplete() {
        wrong |= ended;
        return false;
    }

    private boolean fault() {
        wrong = true;
        return false;
    }

    private boolean skipTo(final char character) {
        return find(character) || incomplete();
    }

    private boolean find(final char character) {
        while (at < text.length) {
            if (text[at] == character) {
                return true;
            }
            at++;
        }
        return false;
    }

    private boolean skipToDigit() {
        while (at < text.length) {
            if (isDigit(at)) {
                return true;
            }
            at++;
        }
        return incomplete();
    }

    private boolean isDigit(final int index) {
        return text[index] >= '0' && text[index] <= '9';
    }

    /** The first field of EPRT: 1 over IPv4, 2 over IPv6; then to where the address starts. */
    private boolean family() {
        if (text[at] != (v6 ? '2' : '1')) {
            return fault();
        }
        at++;
        if (at >= text.length) {
            return incomplete();
        }
        if (isDigit(at)) {
            return fault();
        }
        if (v6) {
            at++;
            return at < text.length || incomplete();
        }
        return skipToDigit();
    }

    private boolean addressV4() {
        final int start = at;
        int separators = 0;
        while (at < text.length && (isDigit(at) || text[at] == '.' || text[at] == ',' && separators < 3)) {
            separators += isDigit(at) ? 0 : 1;
            at++;
        }
        return address(start, new String(text, start, at - start, StandardCharsets.US_ASCII).replace(',', '.'));
    }

    private boolean addressV6() {
        final int start = at;
        while (at < text.length && (Character.digit(text[at], 16) >= 0 || text[at] == ':' || text[at] == '.')) {
            at++;
        }
        return address(start, new String(text, start, at - start, StandardCharsets.US_ASCII));
    }

    /** Takes the address that ends here, once the separator behind it is there; goes on behind that. */
    private boolean address(final int start, final String written) {
        if (at >= text.length) {
            return incomplete();
        }
        try {
            address = IpAddress.parse(written);
        } catch (final IllegalArgumentException noAddress) {
            return fault();
        }
        if (address.v6() != v6) {
            address = null;
            return fault();
        }
        addressAt = start;
        addressLength = at - start;
        at++;
        return true;
    }

    /** A number of at most {@code digits} digits; -1 if it is wrong or may go on. */
    private int number(final int digits, final int limit) {
        final int start = at;
        int value = 0;
        while (at < text.length && at - start < digits && isDigit(at)) {
            value = value * 10 + text[at++] - '0';
        }
        if (at >= text.length && !ended) {
            return -1;
        }
        if (at == start || value > limit) {
            wrong = true;
            return -1;
        }
        return value;
    }
}
