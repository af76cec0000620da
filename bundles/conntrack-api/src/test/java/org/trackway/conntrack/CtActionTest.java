// SPDX-License-Identifier: Apache-2.0
package org.trackway.conntrack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.trackway.packet.IpAddress;

class CtActionTest {

    private static final IpAddress TO = IpAddress.parse("10.0.0.1");
    private static final Nat SNAT = new Nat(Nat.Kind.SOURCE, TO, TO, 0, 0, false, false);

    @Test
    void withoutAnythingItLooksUpInZoneZero() {
        final CtAction action = CtAction.builder().build();
        assertThat(action.zone()).isZero();
        assertThat(action.commit()).isFalse();
        assertThat(action.force()).isFalse();
        assertThat(action.markMask()).isZero();
        assertThat(action.setsLabel()).isFalse();
        assertThat(action.helper()).isNull();
        assertThat(action.nat()).isNull();
        assertThat(action.timeoutPolicy()).isEmpty();
        assertThat(action).hasToString("ct()");
    }

    @Test
    void everyPartIsKept() {
        final CtAction action = CtAction.builder().commit().force().zone(65535).mark(1, 3).label(4, 5, 6, 7)
            .helper("ftp").nat(SNAT).timeoutPolicy("short").build();
        assertThat(action.commit()).isTrue();
        assertThat(action.force()).isTrue();
        assertThat(action.zone()).isEqualTo(65535);
        assertThat(action.mark()).isEqualTo(1);
        assertThat(action.markMask()).isEqualTo(3);
        assertThat(action.labelHigh()).isEqualTo(4);
        assertThat(action.labelLow()).isEqualTo(5);
        assertThat(action.labelMaskHigh()).isEqualTo(6);
        assertThat(action.labelMaskLow()).isEqualTo(7);
        assertThat(action.helper()).isEqualTo("ftp");
        assertThat(action.nat()).isEqualTo(SNAT);
        assertThat(action.timeoutPolicy()).contains("short");
        assertThat(action).hasToString("ct(commit,force,zone=65535,nat(src=10.0.0.1),timeout=short,alg=ftp,"
            + "exec(set_field:0x1/0x3->ct_mark,"
            + "set_field:0x40000000000000005/0x60000000000000007->ct_label))");
        assertThat(action.toBuilder().build()).hasToString(action.toString());
    }

    @Test
    void valuesAreCutToTheirMasks() {
        final CtAction action = CtAction.builder().commit().mark(0xff, 0x0f).label(0xff, 0xff, 0xf0, 0x0f).build();
        assertThat(action.mark()).isEqualTo(0x0f);
        assertThat(action.labelHigh()).isEqualTo(0xf0);
        assertThat(action.labelLow()).isEqualTo(0x0f);
    }

    @Test
    void wholeMasksAreNotPrinted() {
        assertThat(CtAction.builder().commit().mark(-1, -1).build())
            .hasToString("ct(commit,exec(set_field:0xffffffff->ct_mark))");
        assertThat(CtAction.builder().commit().label(0, 1, -1, -1).build())
            .hasToString("ct(commit,exec(set_field:0x1->ct_label))");
        assertThat(CtAction.builder().nat(Nat.KNOWN).zone(3).build()).hasToString("ct(zone=3,nat)");
    }

    @Test
    void whatNeedsCommitSaysSo() {
        assertThatIllegalArgumentException().isThrownBy(() -> CtAction.builder().force().build())
            .withMessage("force needs commit");
        assertThatIllegalArgumentException().isThrownBy(() -> CtAction.builder().mark(1, 1).build())
            .withMessage("setting mark or label needs commit");
        assertThatIllegalArgumentException().isThrownBy(() -> CtAction.builder().label(0, 1, 0, 1).build())
            .withMessage("setting mark or label needs commit");
        assertThatIllegalArgumentException().isThrownBy(() -> CtAction.builder().nat(SNAT).build())
            .withMessage("nat(src=10.0.0.1) needs commit");
        assertThat(CtAction.builder().nat(Nat.KNOWN).build().nat()).isEqualTo(Nat.KNOWN);
    }

    @Test
    void zonesOutOfRangeAreRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> CtAction.builder().zone(65536))
            .withMessage("zone 65536 is not in 0 to 65535");
        assertThatIllegalArgumentException().isThrownBy(() -> CtAction.builder().zone(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> ConnectionFilter.zone(65536))
            .withMessage("zone 65536 is not in 0 to 65535");
    }
}
