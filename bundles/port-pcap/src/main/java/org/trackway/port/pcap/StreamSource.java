// SPDX-License-Identifier: Apache-2.0
package org.trackway.port.pcap;

import java.io.IOException;
import java.io.InputStream;
import org.trackway.packet.Progress;

/**
 * Standard input or a named pipe. Opening and reading one waits for the other side, and a port must not wait: a thread
 * does it instead and hands over one chunk after the other. When the source is closed the thread leaves as soon as the
 * other side has sent or ended something; until then it sleeps in the read, which nothing can interrupt.
 */
final class StreamSource implements Source {

    /** Opens the stream, on the thread that may wait. */
    interface Opener {
        InputStream open() throws IOException;
    }

    private static final int CHUNK = 1 << 17;

    private final Opener opener;

    // The reading thread alone touches the chunk while it is empty (at == limit), the receiver while it is not; the
    // rest is guarded by this object.
    private final byte[] chunk = new byte[CHUNK];
    private int at;
    private int limit;
    private boolean ended;
    private boolean closed;
    private IOException failure;

    StreamSource(final String name, final Opener opener) {
        this.opener = opener;
        final Thread reader = new Thread(this::pump, "trackway-pcap-" + name);
        reader.setDaemon(true);
        reader.start();
    }

    private void pump() {
        try (InputStream in = opener.open()) {
            int read = in.read(chunk);
            while (read >= 0 && handOver(read)) {
                read = in.read(chunk);
            }
            end(null);
        } catch (final IOException e) {
            end(e);
        } catch (final InterruptedException e) {
            end(new IOException("interrupted", e));
        } catch (final RuntimeException | Error e) {
            // Whoever receives must not wait for a thread that is gone.
            end(new IOException(e.toString(), e));
        }
    }

    /** Waits until the receiver has taken everything; false if it will take no more. */
    private synchronized boolean handOver(final int read) throws InterruptedException {
        at = 0;
        limit = read;
        while (at < limit && !closed) {
            wait();
        }
        return !closed;
    }

    private synchronized void end(final IOException why) {
        ended = true;
        failure = why;
    }

    @Override
    public synchronized int read(final byte[] target, final int from, final int count) throws IOException {
        if (at == limit) {
            if (failure != null) {
                throw new IOException(failure.getMessage(), failure);
            }
            return ended || closed ? -1 : 0;
        }
        final int taken = Math.min(count, limit - at);
        System.arraycopy(chunk, at, target, from, taken);
        at += taken;
        notifyAll();
        return taken;
    }

    @Override
    public long size() {
        return Progress.UNKNOWN;
    }

    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
    }
}
