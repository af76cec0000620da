// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import org.trackway.offload.spi.Operation;

/** Something that a provider was found to hold and should not: it is to be deleted there, and that is all. */
final class Stray extends Subject {

    final Operation.Kind kind;
    final long id;

    Stray(final Operation.Kind kind, final long id) {
        this.kind = kind;
        this.id = id;
    }
}
