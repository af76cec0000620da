// SPDX-License-Identifier: Apache-2.0
package org.trackway.offload.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.trackway.offload.core.Bench.A;
import static org.trackway.offload.core.Bench.B;
import static org.trackway.offload.core.Bench.COMMIT;
import static org.trackway.offload.core.Bench.LOOK;
import static org.trackway.offload.core.Bench.SECOND;
import static org.trackway.offload.core.Bench.client;
import static org.trackway.offload.core.Bench.server;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.trackway.conntrack.Connection;
import org.trackway.conntrack.ConnectionFilter;
import org.trackway.conntrack.CtAction;
import org.trackway.offload.OffloadState;
import org.trackway.offload.ProviderStatus.Counter;
import org.trackway.offload.ProviderStatus.State;
import org.trackway.offload.spi.Activity;
import org.trackway.offload.spi.Answer;
import org.trackway.packet.Packets;

/** What a provider is asked in the life of a connection, in which order and how often. */
class LifecycleTest {

    private final FakeProvider nic = FakeProvider.tracks("nic");
    private final Bench bench = new Bench().add(nic);

    @Test
    void aProviderIsThereFromItsRegistrationToItsRemoval() {
        assertThat(bench.status(nic).state()).isEqualTo(State.ACTIVE);
        assertThat(bench.status(nic).capabilities()).isEqualTo(nic.capabilities);
        bench.manager.remove(nic);
        assertThat(bench.manager.providers()).isEmpty();
        bench.udp(1);
        bench.settle();
        assertThat(nic.calls).isEmpty();
    }

    @Test
    void aConnectionIsAddedEstablishedAndDeletedOnceAndInThisOrder() {
        final long id = bench.udp(1);
        bench.settle();
        assertThat(bench.manager.state(id)).isEqualTo(OffloadState.ADDED);
        bench.udpReply(1);
        bench.udpReply(1);
        bench.settle();
        assertThat(bench.manager.state(id)).isEqualTo(OffloadState.ESTABLISHED);
        assertThat(bench.connection(id).offloaded()).isTrue();
        bench.tracker.flush(ConnectionFilter.ALL);
        bench.settle();
        bench.pass(10 * SECOND);
        assertThat(nic.calls).containsExactly("add 1 from left", "established 1 from right", "delete 1");
        assertThat(nic.faults).isEmpty();
        assertThat(bench.manager.state(id)).isEqualTo(OffloadState.NONE);
        assertThat(bench.count(nic, Counter.ADDED)).isEqualTo(1);
        assertThat(bench.count(nic, Counter.ESTABLISHED)).isEqualTo(1);
        assertThat(bench.count(nic, Counter.DELETED)).isEqualTo(1);
    }

    @Test
    void whatCanNotBeOffloadedIsNotAddedAndNotAskedAgain() {
        nic.canOffload = connection -> Answer.no("too odd");
        final long id = bench.udp(1);
        bench.settle();
        bench.pass(20 * SECOND);
        assertThat(nic.calls).isEmpty();
        assertThat(bench.connection(id).offloaded()).isFalse();
        assertThat(bench.chapter(nic, id).reason()).isEqualTo("too odd");
        assertThat(bench.count(nic, Counter.REFUSED)).isEqualTo(1);
    }

    @Test
    void theReplyPortOfTcpIsThatOfItsSecondSegment() {
        bench.tcp(5);
        bench.settle();
        assertThat(nic.calls).containsExactly("add 5 from left", "established 5 from right");
    }

    @Test
    void portsAreThoseOfTheDirectionsWhereverTheClientIs() {
        bench.send(COMMIT, bench.right, Packets.udp4(A, 9, B, 53).build());
        bench.send(COMMIT, bench.left, Packets.udp4(B, 53, A, 9).build());
        bench.settle();
        assertThat(nic.calls).containsExactly("add 9 from right", "established 9 from left");
    }

    @Test
    void theConnectionIsShownAsItIsThen() {
        final List<Connection> shown = new ArrayList<>();
        nic.add = connection -> {
            shown.add(connection);
            return Answer.ACCEPTED;
        };
        bench.send(CtAction.builder().commit().zone(7).mark(5, -1).build(), bench.left, Packets.udp4(A, 1, B, 53)
            .build());
        bench.settle();
        assertThat(shown).hasSize(1);
        assertThat(shown.get(0).zone()).isEqualTo(7);
        assertThat(shown.get(0).mark()).isEqualTo(5);
        assertThat(shown.get(0).original()).isEqualTo(Bench.tuple(1, 17));
    }

    @Test
    void hardwareThatTracksLetsGoOfAConnectionWhoseMarkChangesAndGetsItAnewWithThat() {
        final List<Integer> marks = new ArrayList<>();
        nic.add = connection -> {
            marks.add(connection.mark());
            return Answer.ACCEPTED;
        };
        final long id = bench.udp(1);
        bench.settle();
        bench.send(CtAction.builder().commit().mark(9, -1).build(), bench.left, Packets.udp4(A, 1, B, 53).build());
        bench.settle();
        assertThat(bench.connection(id).offloaded()).isFalse();
        bench.pass(4 * SECOND);
        assertThat(marks).containsExactly(0, 9);
        assertThat(nic.calls).filteredOn(call -> call.startsWith("delete")).hasSize(1);
        assertThat(bench.connection(id).offloaded()).isTrue();
    }

    @Test
    void aDeleteOvertakesItsAddSoThatNeitherIsSent() {
        bench.udp(1);
        bench.tracker.flush(ConnectionFilter.ALL);
        bench.settle();
        assertThat(nic.calls).isEmpty();
        assertThat(bench.count(nic, Counter.CANCELLED)).isEqualTo(1);
        assertThat(bench.status(nic).held()).isZero();
    }

    @Test
    void aClosingConnectionIsWithdrawnSoThatSoftwareSeesHowItEnds() {
        final long id = bench.tcp(5);
        bench.settle();
        nic.calls.clear();
        bench.send(LOOK, bench.right, server(5, "FA", 301, 101).build());
        bench.settle();
        assertThat(nic.calls).containsExactly("delete 5");
        assertThat(bench.connection(id).offloaded()).isFalse();
        assertThat(bench.manager.story(id).reason()).isEqualTo("it is closing");
        bench.pass(10 * SECOND);
        assertThat(nic.calls).containsExactly("delete 5");
    }

    @Test
    void hardwareThatSeesTheEndGivesTheConnectionBack() {
        final long id = bench.tcp(5);
        bench.settle();
        nic.context.closing(id);
        bench.settle();
        assertThat(nic.calls).contains("delete 5");
        assertThat(bench.chapter(nic, id).reason()).isEqualTo("it is closing");
        assertThat(bench.state(LOOK, bench.left, client(5, "FA", 101, 301))).isEqualTo("est|trk");
    }

    @Test
    void whatWasAlreadyClosingIsNotOffered() {
        bench.manager.remove(nic);
        bench.tcp(5);
        bench.send(LOOK, bench.left, client(5, "R", 101, 0).build());
        bench.add(nic);
        assertThat(nic.calls).isEmpty();
    }

    @Test
    void aControlConnectionWithAHelperIsNeverOffered() {
        final long id = bench.withHelper(21);
        bench.settle();
        assertThat(nic.calls).isEmpty();
        assertThat(bench.manager.story(id).reason()).isEqualTo("helper toy has to see its packets");
    }

    @Test
    void aProviderThatAsksForTimeIsAskedAgainAtABoundedRate() {
        nic.add = connection -> Answer.later("soon");
        final long id = bench.udp(1);
        bench.settle();
        bench.settle();
        assertThat(nic.takeCalls()).containsExactly("add 1 from left");
        assertThat(bench.chapter(nic, id).reason()).isEqualTo("soon");
        assertThat(bench.connection(id).offloaded()).isFalse();
        bench.pass(2 * SECOND);
        assertThat(nic.takeCalls()).containsExactly("add 1 from left");
        nic.add = connection -> Answer.ACCEPTED;
        bench.pass(2 * SECOND);
        assertThat(bench.manager.state(id)).isEqualTo(OffloadState.ADDED);
    }

    @Test
    void aProviderThatIsNotReadyToEstablishIsAskedAgainAndAfterNoNeverAgain() {
        nic.update = id -> new Activity(0, 0, 0, 0, 0);
        nic.established = connection -> Answer.later("soon");
        final long id = bench.udp(1);
        bench.udpReply(1);
        bench.settle();
        assertThat(bench.manager.state(id)).isEqualTo(OffloadState.ADDED);
        nic.calls.clear();
        nic.established = connection -> Answer.no("never");
        bench.pass(10 * SECOND);
        assertThat(nic.calls).filteredOn(call -> call.startsWith("established")).hasSize(1);
        assertThat(bench.manager.state(id)).isEqualTo(OffloadState.ADDED);
        assertThat(bench.chapter(nic, id).reason()).isEqualTo("never");
    }

    @Test
    void anAnswerMayComeLater() {
        nic.add = connection -> Answer.PENDING;
        final long id = bench.udp(1);
        bench.udpReply(1);
        bench.settle();
        assertThat(bench.manager.state(id)).isEqualTo(OffloadState.NONE);
        assertThat(bench.connection(id).offloaded()).isTrue();
        nic.context.answer(id, Answer.ACCEPTED);
        bench.settle();
        assertThat(bench.manager.state(id)).isEqualTo(OffloadState.ESTABLISHED);
        assertThat(bench.count(nic, Counter.FAILED)).isZero();
    }

    @Test
    void anAnswerThatDoesNotComeIsAFailureAndWhatMayBeHeldIsDeleted() {
        nic.add = connection -> Answer.PENDING;
        final long id = bench.udp(1);
        bench.settle();
        bench.pass(SECOND);
        assertThat(nic.calls).containsExactly("add 1 from left", "delete 1");
        assertThat(bench.connection(id).offloaded()).isFalse();
        assertThat(bench.count(nic, Counter.FAILED)).isEqualTo(1);
    }

    @Test
    void whatHardwareLosesComesBackToSoftwareAndIsOfferedAnewAfterItsNextPacket() {
        final long id = bench.udp(1);
        bench.settle();
        nic.held.remove(id);
        nic.context.lost(id, "evicted");
        bench.settle();
        assertThat(nic.takeCalls()).containsExactly("add 1 from left");
        assertThat(bench.connection(id).offloaded()).isFalse();
        assertThat(bench.connection(id).remainingNs()).isEqualTo(60 * SECOND);
        assertThat(bench.chapter(nic, id).reason()).isEqualTo("hardware has lost it: evicted");
        assertThat(bench.count(nic, Counter.LOST)).isEqualTo(1);
        bench.pass(4 * SECOND);
        assertThat(nic.calls).isEmpty();
        bench.udp(1);
        bench.pass(4 * SECOND);
        assertThat(nic.calls).startsWith("add 1 from left");
    }

    @Test
    void whatAPortCarriedLeavesWithItAndNothingMoreIsOfferedThere() {
        final long id = bench.udp(1);
        bench.settle();
        nic.calls.clear();
        nic.context.portLost("left", "link down");
        bench.settle();
        assertThat(nic.calls).containsExactly("delete 1");
        assertThat(bench.connection(id).offloaded()).isFalse();
        bench.udp(2);
        bench.send(COMMIT, bench.right, Packets.udp4(A, 3, B, 53).build());
        bench.settle();
        assertThat(nic.calls).containsExactly("delete 1", "add 3 from right");
    }

    @Test
    void whatComesInByAPortThatIsBackIsOfferedTheOldAndTheNew() {
        final long id = bench.udp(1);
        bench.settle();
        nic.context.portLost("left", "link down");
        bench.settle();
        bench.udp(1);
        nic.calls.clear();
        nic.context.portBack("left");
        bench.settle();
        assertThat(nic.calls).containsExactly("add 1 from left");
        assertThat(bench.connection(id).offloaded()).isTrue();
        assertThat(bench.status(nic).ports()).contains("left");
        bench.udp(2);
        bench.settle();
        assertThat(nic.calls).containsExactly("add 1 from left", "add 2 from left");
    }

    @Test
    void theProviderHasTheLastWordAboutAPortThatIsBack() {
        nic.serves = port -> !port.name().equals("left");
        bench.udp(1);
        bench.settle();
        nic.context.portBack("left");
        nic.context.portBack("right");
        nic.context.portBack("nobody's");
        bench.settle();
        assertThat(nic.calls).isEmpty();
        nic.serves = port -> true;
        nic.context.portBack("left");
        bench.settle();
        assertThat(nic.calls).containsExactly("add 1 from left");
    }

    @Test
    void aLostDeviceHoldsNothingAndIsOfferedAllWhenItIsBack() {
        final long id = bench.udp(1);
        bench.settle();
        nic.held.clear();
        nic.context.deviceLost("unplugged");
        bench.udp(2);
        bench.settle();
        assertThat(nic.takeCalls()).containsExactly("add 1 from left");
        assertThat(bench.status(nic).state()).isEqualTo(State.LOST);
        assertThat(bench.connection(id).offloaded()).isFalse();
        bench.pass(SECOND);
        bench.udp(1);
        bench.udp(2);
        nic.context.deviceBack();
        bench.settle();
        assertThat(bench.status(nic).state()).isEqualTo(State.ACTIVE);
        assertThat(nic.calls).containsExactlyInAnyOrder("add 1 from left", "add 2");
    }
}
