//go:build !linux

package services

// scratch is the folder of data that goes with its server; "" is that of the system.
func scratch() string { return "" }
