package bench

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Usage is the processor time of the parts of a measurement, each since it was started. What is
// not on this machine, or on one without /proc, is not in it.
type Usage map[string]time.Duration

// The parts.
const (
	OfContender = "contender"
	OfRedis     = "Redis"
	OfKafka     = "Kafka"
)

// Since is what was used after before.
func (u Usage) Since(before Usage) Usage {
	used := make(Usage, len(u))
	for part, took := range u {
		used[part] = took - before[part]
	}
	return used
}

// Meter reads what contenders and servers use.
type Meter struct {
	redis redis.UniversalClient
	kafka int // process id of the broker; 0: not found
}

// NewMeter finds the servers of the site. Close gives its connection back.
func NewMeter(s Site) (*Meter, error) {
	client, err := s.Redis.Client()
	if err != nil {
		return nil, err
	}
	return &Meter{redis: client, kafka: listener(s.Kafka.Brokers[0])}, nil
}

// Close closes the connection to Redis.
func (m *Meter) Close() error { return m.redis.Close() }

// Read reads what the processes of a contender and the servers have used so far.
func (m *Meter) Read(ctx context.Context, processes ...int) (Usage, error) {
	used := make(Usage)
	for _, pid := range processes {
		took, err := processorTime(pid)
		if err != nil {
			return nil, err
		}
		used[OfContender] += took
	}
	if took, err := processorTime(m.kafka); err == nil {
		used[OfKafka] = took
	}
	info, err := m.info(ctx, "cpu")
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"used_cpu_user", "used_cpu_sys"} {
		seconds, err := strconv.ParseFloat(info[name], 64)
		if err != nil {
			return nil, fmt.Errorf("read %s of Redis: %w", name, err)
		}
		used[OfRedis] += time.Duration(seconds * float64(time.Second))
	}
	return used, nil
}

// Memory returns the bytes that Redis has in use.
func (m *Meter) Memory(ctx context.Context) (int64, error) {
	info, err := m.info(ctx, "memory")
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(info["used_memory"], 10, 64)
}

func (m *Meter) info(ctx context.Context, section string) (map[string]string, error) {
	text, err := m.redis.Info(ctx, section).Result()
	if err != nil {
		return nil, fmt.Errorf("info of Redis: %w", err)
	}
	info := make(map[string]string)
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			info[name] = value
		}
	}
	return info, nil
}

// tick is the unit of /proc/<pid>/stat, the same on every Linux that Go knows.
const tick = time.Second / 100

// processorTime reads the user and system time of a process, all its threads together.
func processorTime(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("processor time: %w", err)
	}
	// The name, in parentheses, may hold anything; what follows are fields 3 and up.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, errors.New("processor time: /proc is not that of Linux")
	}
	user, err := strconv.Atoi(string(fields[11]))
	system, err2 := strconv.Atoi(string(fields[12]))
	return time.Duration(user+system) * tick, errors.Join(err, err2)
}

// listener finds the process of this machine that listens on the port of an address; 0: none
// that we may look at.
func listener(address string) int {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return 0
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return 0
	}
	socket := listening(uint16(number))
	if socket == "" {
		return 0
	}
	descriptors, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, fd := range descriptors {
		if target, err := os.Readlink(fd); err == nil && target == "socket:["+socket+"]" {
			pid, _ := strconv.Atoi(strings.Split(fd, "/")[2])
			return pid
		}
	}
	return 0
}

// listening returns the inode of the socket that listens on a port.
func listening(port uint16) string {
	const listen = "0A" // the state, in hexadecimal as all of the table
	want := ":" + strings.ToUpper(hex.EncodeToString([]byte{byte(port >> 8), byte(port)}))
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, err := os.ReadFile(table) //nolint:gosec // one of two
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line)
			if len(fields) > 9 && fields[3] == listen && strings.HasSuffix(fields[1], want) {
				return fields[9]
			}
		}
	}
	return ""
}
