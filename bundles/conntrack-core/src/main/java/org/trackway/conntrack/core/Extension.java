// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack.core;

/**
 * What few connections have: a label, a helper, a parent, text that changed length. Made when the first of these comes
 * up, so that a plain connection pays nothing. Every field is read and written under the connection's lock.
 */
final class Extension {

    long labelHigh;
    long labelLow;
    /** Name of the helper that watches the connection, or null. */
    String helper;
    /** Forward key of the control connection that announced this one, or null. */
    Key parent;
    /** Shift of the original direction's sequence numbers, or null. */
    SequenceShift originalShift;
    /** Shift of the reply direction's sequence numbers, or null. */
    SequenceShift replyShift;
}
