// SPDX-License-Identifier: Apache-2.0
package org.trackway.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Measures how the cost of a packet grows with the number of connections and of zones, prints a table and draws it.
 *
 * <pre>
 *   java -cp benchmarks.jar org.trackway.benchmarks.Chart FILE.svg ['PEER COMMAND']
 * </pre>
 *
 * <p>Every point is the median round of a JVM of its own; the peer's ({@link Load} says how it is called) of a process of
 * its own after it.
 */
public final class Chart {

    private static final int WIDTH = 420;
    private static final int HEIGHT = 300;
    private static final int MARGIN = 60;
    private static final String[] COLOURS = {"#1f77b4", "#d62728", "#7f7f7f"};

    /** One line of a panel: its name and a value for each place, NaN where there is none. */
    private record Line(String name, double[] values) {
    }

    private final String peer;
    private final StringBuilder svg = new StringBuilder();

    private Chart(final String peer) {
        this.peer = peer;
    }

    public static void main(final String[] arguments) throws Exception {
        if (arguments.length < 1 || arguments.length > 2) {
            System.err.println("usage: Chart FILE.svg ['PEER COMMAND']");
            System.exit(2);
        }
        final Chart chart = new Chart(arguments.length == 2 ? arguments[1] : null);
        chart.svg.append(String.format(Locale.ROOT, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
            + "height=\"%d\" font-family=\"sans-serif\" font-size=\"11\">%n", 2 * (WIDTH + 2 * MARGIN),
            HEIGHT + 2 * MARGIN));
        chart.connections();
        chart.zones();
        Files.writeString(Path.of(arguments[0]), chart.svg.append("</svg>\n"));
    }

    private void connections() throws IOException, InterruptedException {
        final int[] sizes = {1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000};
        final Line udp = new Line("UDP", new double[sizes.length]);
        final Line tcp = new Line("TCP", new double[sizes.length]);
        final Line other = new Line("UDP, peer", new double[sizes.length]);
        for (int i = 0; i < sizes.length; i++) {
            final String heap = sizes[i] > 1_000_000 ? "4g" : "2g";
            udp.values[i] = measure(heap, "protocol=udp connections=" + sizes[i]);
            tcp.values[i] = measure(heap, "protocol=tcp connections=" + sizes[i]);
            other.values[i] = peer == null ? Double.NaN
                : Command.run(Command.of(peer, "udp " + sizes[i] + " 65536 32 45 1")).get("established_ns");
        }
        panel(0, "connections", sizes, List.of(udp, tcp, other));
    }

    private void zones() throws IOException, InterruptedException {
        final int[] counts = {1, 2, 4, 8, 16, 32, 64};
        final Line udp = new Line("UDP", new double[counts.length]);
        final Line tcp = new Line("TCP", new double[counts.length]);
        for (int i = 0; i < counts.length; i++) {
            udp.values[i] = measure("2g", "protocol=udp connections=1000000 zones=" + counts[i]);
            tcp.values[i] = measure("2g", "protocol=tcp connections=1000000 zones=" + counts[i]);
        }
        panel(1, "zones, 1,000,000 connections", counts, List.of(udp, tcp));
    }

    private static double measure(final String heap, final String arguments) throws IOException, InterruptedException {
        final Map<String, Double> values = Command.run(Command.measurement(heap, arguments));
        if (values.get("not_established") != 0) {
            throw new IOException(arguments + ": some packets were not established");
        }
        return values.get("established_ns");
    }

    /** Prints and draws lines over places that lie equally far apart, from zero up. */
    private void panel(final int number, final String title, final int[] places, final List<Line> lines) {
        final List<Line> drawn = new ArrayList<>(lines);
        drawn.removeIf(line -> Double.isNaN(line.values[0]));
        double top = 0;
        for (final Line line : drawn) {
            for (final double value : line.values) {
                top = Math.max(top, value);
            }
        }
        final double step = top > 500 ? 200 : top > 200 ? 50 : 20;
        top = Math.ceil(top / step) * step;
        final int left = number * (WIDTH + 2 * MARGIN) + MARGIN;
        final int bottom = MARGIN + HEIGHT;
        for (double y = 0; y <= top; y += step) {
            final double at = bottom - HEIGHT * y / top;
            svg.append(String.format(Locale.ROOT, "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" "
                + "stroke=\"#dddddd\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.0f</text>%n",
                left, at, left + WIDTH, at, left - 6, at + 4, y));
        }
        text(left + WIDTH / 2, bottom + 36, "middle", "#000000", title);
        text(left, MARGIN - 12, "start", "#000000", "ns per packet");
        System.out.printf("%n| %s |", title);
        drawn.forEach(line -> System.out.printf(" %s |", line.name));
        System.out.printf("%n|---:|%s%n", "---:|".repeat(drawn.size()));
        for (int i = 0; i < places.length; i++) {
            text(left + x(i, places), bottom + 16, "middle", "#000000", label(places[i]));
            System.out.printf(Locale.ROOT, "| %,d |", places[i]);
            for (final Line line : drawn) {
                System.out.printf(Locale.ROOT, " %.1f |", line.values[i]);
            }
            System.out.println();
        }
        for (int i = 0; i < drawn.size(); i++) {
            final StringBuilder points = new StringBuilder();
            for (int j = 0; j < places.length; j++) {
                points.append(String.format(Locale.ROOT, "%d,%.1f ", left + x(j, places),
                    bottom - HEIGHT * drawn.get(i).values[j] / top));
            }
            svg.append(String.format("<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>%n",
                points.toString().trim(), COLOURS[i]));
            text(left + 10, MARGIN + 14 + 14 * i, "start", COLOURS[i], drawn.get(i).name);
        }
    }

    private static String label(final int number) {
        return number < 1_000_000 ? String.format(Locale.ROOT, "%,d", number) : number / 1_000_000 + " M";
    }

    private static int x(final int place, final int[] places) {
        return WIDTH * place / (places.length - 1);
    }

    private void text(final int x, final int y, final String anchor, final String colour, final String what) {
        svg.append(String.format("<text x=\"%d\" y=\"%d\" text-anchor=\"%s\" fill=\"%s\">%s</text>%n", x, y, anchor,
            colour, what));
    }
}
