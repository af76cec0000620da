// SPDX-License-Identifier: Apache-2.0
package org.trackway.datapath.core;

import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.trackway.conntrack.Conntrack;
import org.trackway.datapath.DatapathFactory;
import org.trackway.datapath.PrivateDatapath;

/** Makes datapaths with the kinds of ports and the shortcuts that the container has. */
@Component(service = DatapathFactory.class)
public final class DatapathFactoryComponent implements DatapathFactory {

    private final PortFactories factories;
    private final Shortcuts shortcuts;

    /** Takes what datapaths need. */
    @Activate
    public DatapathFactoryComponent(@Reference final PortFactories factories, @Reference final Shortcuts shortcuts) {
        this.factories = factories;
        this.shortcuts = shortcuts;
    }

    @Override
    public PrivateDatapath create(final String name, final Conntrack conntrack) {
        return new TableDatapath(name, conntrack, factories, shortcuts);
    }
}
