// SPDX-License-Identifier: Apache-2.0
/**
 * The rules of the offload provider SPI as tests: extend {@link org.trackway.provider.suite.TrackingContract} or
 * {@link org.trackway.provider.suite.ForwardingContract}, say how your provider is made, and run it.
 */
package org.trackway.provider.suite;
