// Package app holds what every role of leadrouter shares when it runs as a
// process: settings from flags, environment and file, the log, the health and
// metrics endpoints, reload of the policy, and the exit codes.
package app
