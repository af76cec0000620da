// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An FTP client and an FTP server (RFC 959, RFC 2428) that speak across a {@link Bridge}. Each opens data connections
 * to the address and the port that it was told, in the text that really arrived.
 */
final class FtpSession {

    /** How client and server agree on a data connection. */
    enum Mode { PORT, EPRT, PASV, EPSV }

    /** The texts that name an address and a port: six numbers, or an extended form where all but the port may miss. */
    private static final Pattern SIX = Pattern.compile("(\\d+,\\d+,\\d+,\\d+),(\\d+),(\\d+)");
    private static final Pattern EXTENDED = Pattern.compile("\\|([12]?)\\|([^|]*)\\|(\\d+)\\|");

    private final Bridge bridge;
    private final int clientPort;
    private final String client;
    private final int serverPort;
    private final TcpSession control;
    /** What the other side understood of the last announcement. */
    private String heard;
    private int lastPort = 50_000;

    /**
     * Makes client and server.
     *
     * @param clientPort where the client is attached
     * @param client     the client's address
     * @param serverPort where the server is attached
     * @param server     the address that the client calls
     * @param tcpPort    the server's TCP port
     */
    FtpSession(final Bridge bridge, final int clientPort, final String client, final int serverPort,
            final String server, final int tcpPort) {
        this.bridge = bridge;
        this.clientPort = clientPort;
        this.client = client;
        this.serverPort = serverPort;
        control = new TcpSession(bridge, clientPort, client, bridge.nextPort(), serverPort, server, tcpPort);
    }

    /** Opens the control connection and logs in. {@return whether the connection could be opened} */
    boolean login() {
        if (!control.tryOpen()) {
            return false;
        }
        control.serverSays("220 at your service\r\n");
        ask("USER anonymous\r\n", "331 and the password?\r\n");
        ask("PASS me@example\r\n", "230 welcome\r\n");
        return true;
    }

    private void ask(final String command, final String reply) {
        assertThat(control.clientSays(command)).isEqualTo(command);
        assertThat(control.serverSays(reply)).isEqualTo(reply);
    }

    /** Gets a listing by a data connection. {@return whether that could be opened} */
    boolean list(final Mode mode) {
        final TcpSession data = mode == Mode.PORT || mode == Mode.EPRT ? active(mode) : passive(mode);
        if (!data.tryOpen()) {
            return false;
        }
        ask("LIST\r\n", "150 here it comes\r\n");
        final String listing = "-rw-r--r-- 1 ftp ftp 5 hello.txt\r\n".repeat(20);
        assertThat(mode == Mode.PORT || mode == Mode.EPRT ? data.clientSays(listing) : data.serverSays(listing))
            .isEqualTo(listing);
        data.close();
        assertThat(control.serverSays("226 that was all\r\n")).isEqualTo("226 that was all\r\n");
        return true;
    }

    private TcpSession active(final Mode mode) {
        final int port = ++lastPort;
        final String command = mode == Mode.PORT ? "PORT " + six(client, port) + "\r\n"
            : "EPRT |" + (client.indexOf(':') < 0 ? 1 : 2) + '|' + client + '|' + port + "|\r\n";
        heard = control.clientSays(command);
        assertThat(control.clientRepeats(command)).as("a repeated command says the same").isEqualTo(heard);
        assertThat(control.serverSays("200 good\r\n")).isEqualTo("200 good\r\n");
        return new TcpSession(bridge, serverPort, control.serverAddress(), 20, clientPort, address(heard), port(heard));
    }

    private TcpSession passive(final Mode mode) {
        final int port = ++lastPort;
        final String command = mode + "\r\n";
        assertThat(control.clientSays(command)).isEqualTo(command);
        heard = control.serverSays(mode == Mode.PASV
            ? "227 Entering Passive Mode (" + six(control.serverAddress(), port) + ")\r\n"
            : "229 Entering Extended Passive Mode (|||" + port + "|)\r\n");
        final String told = address(heard);
        return new TcpSession(bridge, clientPort, client, bridge.nextPort(), serverPort,
            told.isEmpty() ? control.calledServer() : told, port(heard));
    }

    private static String six(final String address, final int port) {
        return address.replace('.', ',') + ',' + (port >> 8) + ',' + (port & 0xff);
    }

    private static String address(final String text) {
        final Matcher six = SIX.matcher(text);
        if (six.find()) {
            return six.group(1).replace(',', '.');
        }
        final Matcher extended = EXTENDED.matcher(text);
        assertThat(extended.find()).as(text).isTrue();
        return extended.group(2);
    }

    private static int port(final String text) {
        final Matcher six = SIX.matcher(text);
        if (six.find()) {
            return Integer.parseInt(six.group(2)) << 8 | Integer.parseInt(six.group(3));
        }
        final Matcher extended = EXTENDED.matcher(text);
        assertThat(extended.find()).as(text).isTrue();
        return Integer.parseInt(extended.group(3));
    }

    /** {@return what the other side heard of the last announcement, without the end of the line} */
    String heard() {
        return heard.strip();
    }

    /** Says good-bye and closes the control connection. */
    void quit() {
        ask("QUIT\r\n", "221 bye\r\n");
        control.close();
    }
}
