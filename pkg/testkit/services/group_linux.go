package services

import "syscall"

// ownGroup puts a server into its own process group, so that a terminal's Ctrl-C
// leaves it to us, and has the kernel kill it when this process dies.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
