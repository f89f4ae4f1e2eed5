package bench

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"leadrouter/pkg/app"
)

// ErrNoPeer says that the peer cannot run here.
var ErrNoPeer = errors.New("the peer is not built; make peer does that, with Java and Maven")

// PeerBuilt returns nil when the peer of a project, such as bench/peer, can run here.
func PeerBuilt(project string) error {
	_, err := os.Stat(peerJar(project))
	_, err2 := exec.LookPath("java")
	if err := errors.Join(err, err2); err != nil {
		return fmt.Errorf("%w: %w", ErrNoPeer, err)
	}
	return nil
}

func peerJar(project string) string { return filepath.Join(project, "target", "peer.jar") }

// Tuning is how the peer is set up.
type Tuning struct {
	Name     string
	Java     []string // options of the virtual machine
	Settings []string // of Kafka Streams and its clients, name=value
}

// Tunings are those that were tried, as the documentation of Kafka Streams advises: as it comes;
// a thread for each core and larger batches; longer commits, which cost less each; shorter ones,
// which wait less. Run compare --tunings to see which is best at what.
func Tunings() []Tuning {
	heap := []string{"-Xms1g", "-Xmx1g"}
	larger := []string{
		"num.stream.threads=2", "producer.batch.size=262144", "producer.buffer.memory=67108864",
		"consumer.max.poll.records=5000", "statestore.cache.max.bytes=67108864",
	}
	with := func(settings ...string) []string { return slices.Concat(larger, settings) }
	return []Tuning{
		{Name: "as it comes", Java: heap},
		{Name: "threads", Java: heap, Settings: with()},
		{Name: "long commits", Java: heap, Settings: with("commit.interval.ms=1000")},
		{Name: "parallel collector", Java: append([]string{"-XX:+UseParallelGC"}, heap...), Settings: with("commit.interval.ms=1000")},
		{Name: "one thread", Java: heap, Settings: with("commit.interval.ms=1000", "num.stream.threads=1")},
		{Name: "short commits", Java: heap, Settings: with("commit.interval.ms=20", "producer.linger.ms=0")},
		{Name: "shortest commits", Java: heap, Settings: with("commit.interval.ms=5", "producer.linger.ms=0")},
	}
}

// The tunings that the documentation advises for each measurement; bench/compare --tunings tries all.
const (
	ForThroughput = "parallel collector"
	ForLatency    = "short commits"
)

// TuningOf finds a tuning by its name.
func TuningOf(name string) Tuning {
	i := slices.IndexFunc(Tunings(), func(t Tuning) bool { return t.Name == name })
	return Tunings()[i]
}

// Peer is the same job done by a Kafka Streams application, in a new installation: exactly once,
// with its state in stores of its own and their changelogs in Kafka. It runs as a process.
func Peer(ctx context.Context, s Site, tuning Tuning) (Contender, error) {
	if err := PeerBuilt(s.PeerProject); err != nil {
		return Contender{}, err
	}
	reps := filepath.Join(s.Policy, "reps.csv")
	if _, err := os.Stat(reps); err != nil {
		return Contender{}, fmt.Errorf("the peer decides by the rules of examples/tamarisk, whose reps it reads (%w); leave it out: --contenders bare,router", err)
	}
	if err := s.Kafka.CreateTopics(ctx, app.Topics(s.Instance, s.Partitions, 1)...); err != nil {
		return Contender{}, err
	}
	state, err := os.MkdirTemp("", "leadrouter-peer-*")
	if err != nil {
		return Contender{}, err
	}
	classes := peerJar(s.PeerProject) + string(os.PathListSeparator) + filepath.Join(s.PeerProject, "target", "lib", "*")
	argv := slices.Concat([]string{"java"}, tuning.Java, []string{
		"-cp", classes, "leadrouter.peer.Main",
		"bootstrap.servers=" + strings.Join(s.Kafka.Brokers, ","),
		// Its group and the topics of its stores are named after it, and go with the others.
		"application.id=" + s.Instance + ".peer",
		"state.dir=" + state,
		"producer.compression.type=snappy", // as that of the others
		"peer.prefix=" + s.Instance + ".",
		"peer.reps=" + reps,
		"peer.room=" + mostLeads,
	}, tuning.Settings)
	return Contender{
		Name: "Kafka Streams", Path: s.path(),
		Start: func(ctx context.Context) (Running, error) { return spawn(ctx, argv) },
		State: func(context.Context) (int64, error) { return sizeOf(state) },
		Clear: func(context.Context) error { return os.RemoveAll(state) },
	}, nil
}

// sizeOf is how many bytes the files of a folder have.
func sizeOf(folder string) (sum int64, err error) {
	err = filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			var info fs.FileInfo
			if info, err = entry.Info(); err == nil {
				sum += info.Size()
			}
		}
		return unless(err, fs.ErrNotExist) // RocksDB merges files meanwhile
	})
	return sum, err
}
