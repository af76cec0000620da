// SPDX-License-Identifier: Apache-2.0
/**
 * The commands of the scopes {@code conntrack} and {@code datapath}. A command parses, asks a service and prints; what
 * is printed is made by plain classes ({@link org.trackway.shell.Table}, {@link org.trackway.shell.Json} and others)
 * that know neither services nor sessions.
 */
package org.trackway.shell;
