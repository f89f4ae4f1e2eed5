//go:build unix

package app_test

import (
	"bufio"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/app"
)

const slotDir = "LEADROUTER_TEST_SLOT_DIR"

func TestSlotsAreTakenOnceAndReused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	take := func(instance string) *app.Slot {
		slot, err := app.TakeSlot(dir, instance, "router")
		require.NoError(t, err)
		return slot
	}
	first, second, other := take("a"), take("a"), take("b")
	require.NotEqual(t, first.Name, second.Name)
	require.Equal(t, first.Name, other.Name, "each installation counts by itself")
	first.Release()
	again := take("a")
	require.Equal(t, first.Name, again.Name, "a restarted process gets its name back")
	for _, slot := range []*app.Slot{second, other, again} {
		slot.Release()
	}
	_, err := app.TakeSlot(dir+"/missing", "a", "router")
	require.ErrorContains(t, err, "--slot")
}

// However a process ends, its slot is free.
func TestAKilledProcessFreesItsSlot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	child := exec.Command(os.Args[0], "-test.run=^TestHoldASlot$")
	child.Env = append(os.Environ(), slotDir+"="+dir)
	in, err := child.StdinPipe()
	require.NoError(t, err)
	defer func() { _ = in.Close() }()
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	held, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)

	slot, err := app.TakeSlot(dir, "a", "router")
	require.NoError(t, err)
	require.NotEqual(t, held, slot.Name+"\n")
	require.NoError(t, child.Process.Kill())
	require.Error(t, child.Wait())
	freed, err := app.TakeSlot(dir, "a", "router")
	require.NoError(t, err)
	require.Equal(t, held, freed.Name+"\n")
	slot.Release()
	freed.Release()
}

// TestHoldASlot is the process that is killed.
func TestHoldASlot(t *testing.T) {
	dir := os.Getenv(slotDir)
	if dir == "" {
		t.Skip("runs as a child of TestAKilledProcessFreesItsSlot")
	}
	slot, err := app.TakeSlot(dir, "a", "router")
	require.NoError(t, err)
	_, _ = os.Stdout.WriteString(slot.Name + "\n")
	_, _ = bufio.NewReader(os.Stdin).ReadByte()
}
