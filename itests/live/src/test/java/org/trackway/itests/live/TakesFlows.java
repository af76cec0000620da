// SPDX-License-Identifier: Apache-2.0
package org.trackway.itests.live;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A test that is run with each peer that is told by flows what to do. */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedTest
@EnumSource(value = Peer.class, names = {"TRACKWAY", "OPEN_VSWITCH"})
@interface TakesFlows {
}
