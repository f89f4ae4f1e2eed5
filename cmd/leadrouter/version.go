package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"leadrouter/pkg/policy"
)

// version is the release; the build sets it with -ldflags "-X main.version=1.2.3".
var version = "0.1.0"

// build is what `version` prints.
type build struct {
	Version string `json:"version"`
	Commit  string `json:"commit"` // full hash, "+dirty" when built from changed files; "unknown" without VCS data
	Go      string `json:"go"`
	Engine  int    `json:"engine"` // version of what a policy means; decisions name it
}

func (c *cli) versionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version, the commit it was built from, and the engine",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			b := thisBuild()
			if c.json() {
				return c.printJSON(b)
			}
			_, err := fmt.Fprintf(c.out, "leadrouter %s   commit %.12s   %s   engine %d\n", b.Version, b.Commit, b.Go, b.Engine)
			return err
		},
	}
	c.outputFlag(cmd)
	return cmd
}

func thisBuild() build {
	b := build{Version: version, Commit: "unknown", Go: runtime.Version(), Engine: policy.Engine}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	dirty := ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				dirty = "+dirty"
			}
		}
	}
	b.Commit += dirty
	return b
}
