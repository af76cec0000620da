// SPDX-License-Identifier: Apache-2.0
package org.trackway.shell;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** An option that may be given alone or as {@code --option=value}; its value is never the next word. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.FIELD)
@interface OptionalValue {

    /** {@return the values it may have; the first one if it is given alone} */
    String[] value();
}
