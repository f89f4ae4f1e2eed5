package services

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net"
	"strconv"
)

// Servers listen on ports from firstPort on. Both these and the bus ports of Redis
// Cluster nodes, busOffset above, lie below the range from which systems take the
// ports of outgoing connections (32768 on Linux): a client that dials a killed
// server could otherwise be given that very port, and so block the restart.
const (
	firstPort = 10000
	portCount = 10000
	busOffset = 10000
)

// freePorts returns n ports of the loopback address on which nothing listens, nor
// on their bus ports. It starts at a random place, so that test processes seldom
// meet.
func freePorts(n int) ([]int, error) {
	var seed [4]byte
	rand.Read(seed[:])
	start := int(binary.BigEndian.Uint32(seed[:]) % portCount)
	ports := make([]int, 0, n)
	for i := range portCount {
		port := firstPort + (start+i)%portCount
		if isFree(port) && isFree(port+busOffset) {
			ports = append(ports, port)
		}
		if len(ports) == n {
			return ports, nil
		}
	}
	return nil, errors.New("no free ports")
}

func isFree(port int) bool {
	l, err := net.Listen("tcp", loopback(port))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// loopback returns the address of a port on this machine. It is an IP literal:
// a name would need a look-up that clients in a synctest bubble cannot make.
func loopback(port int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}
