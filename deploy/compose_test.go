// Package deploy_test keeps the deployment files true: docker-compose.yml, the
// Dockerfile and what is in this folder.
package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leadrouter/pkg/testkit/services"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// image is the one that the Dockerfile makes.
const image = "leadrouter"

// subcommands are what the roles of an installation run.
var subcommands = []string{"router", "sla", "topics create"}

// flags are those that roles share, as variables of the environment.
var flags = []string{
	"LEADROUTER_BROKERS", "LEADROUTER_REDIS", "LEADROUTER_POLICY", "LEADROUTER_INSTANCE",
	"LEADROUTER_METRICS", "LEADROUTER_LOG_LEVEL", "LEADROUTER_SLOT",
}

func TestComposeIsValid(t *testing.T) {
	t.Parallel()
	project := compose(t)
	require.Equal(t, "leadrouter", project.Name)
	require.ElementsMatch(t,
		[]string{"kafka", "redis", "topics", "router-0", "router-1", "sla", "prometheus", "grafana"},
		project.ServiceNames())
}

func TestComposeRunsTheTestedKafka(t *testing.T) {
	t.Parallel()
	require.Equal(t, "apache/kafka:"+services.KafkaVersion, compose(t).Services["kafka"].Image)
}

func TestComposeRedisKeepsWhatItIsGiven(t *testing.T) {
	t.Parallel()
	command := strings.Join(compose(t).Services["redis"].Command, " ")
	require.Contains(t, command, "--appendonly yes --rdbcompression no")
	require.Contains(t, command, "--maxmemory-policy noeviction")
}

func TestComposeCommandsAreKnown(t *testing.T) {
	t.Parallel()
	for name, service := range roles(t) {
		require.Contains(t, subcommands, strings.Join(service.Command, " "), name)
		for variable := range service.Environment {
			require.Contains(t, flags, variable, name)
		}
	}
}

// The same against the program itself: "make verify" names a fresh build.
func TestComposeCommandsRun(t *testing.T) {
	t.Parallel()
	binary := os.Getenv("LEADROUTER_BINARY")
	if binary == "" {
		t.Skip("LEADROUTER_BINARY names no binary to ask; make verify does")
	}
	for name, service := range roles(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := exec.Command(binary, append(service.Command, "--help")...).CombinedOutput()
			require.NoError(t, err, string(out))
			// A wrong name below a known one is answered with help, for the known one.
			require.Contains(t, string(out), "leadrouter "+strings.Join(service.Command, " "))
			if service.Command[0] == "topics" {
				return // it needs few of the flags that it shares with the roles
			}
			for variable := range service.Environment {
				require.Contains(t, string(out), flagOf(variable))
			}
		})
	}
}

func TestComposeRoutersHaveSlotsOfTheirOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for name, service := range roles(t) {
		if service.Command[0] != "router" {
			continue
		}
		slot := service.Environment["LEADROUTER_SLOT"]
		require.NotNil(t, slot, name)
		require.NotContains(t, seen, *slot, name)
		seen[*slot] = name
	}
	require.Len(t, seen, 2)
}

func TestComposeMountsExist(t *testing.T) {
	t.Parallel()
	for name, service := range compose(t).Services {
		for _, volume := range service.Volumes {
			if volume.Type == types.VolumeTypeBind {
				require.DirExists(t, volume.Source, name)
				require.True(t, volume.ReadOnly, name)
			}
		}
	}
}

func TestComposeMountsThePolicyThatItNames(t *testing.T) {
	t.Parallel()
	for name, service := range roles(t) {
		if service.Command[0] == "sla" { // the clocks come from the router
			require.Empty(t, service.Volumes, name)
			require.NotContains(t, service.Environment, "LEADROUTER_POLICY", name)
			continue
		}
		require.Equal(t, service.Volumes[0].Target, *service.Environment["LEADROUTER_POLICY"], name)
		require.FileExists(t, filepath.Join(service.Volumes[0].Source, "policy.yaml"), name)
	}
}

func TestDockerfileBuildsWithTheModulesGo(t *testing.T) {
	t.Parallel()
	module := find(t, read(t, "../go.mod"), `(?m)^go (\d+\.\d+)`)
	require.Equal(t, module, find(t, read(t, "../Dockerfile"), `FROM golang:(\S+)`))
}

// compose loads docker-compose.yml with every profile, the way that Docker does.
func compose(t *testing.T) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{"../docker-compose.yml"}, cli.WithProfiles([]string{"*"}))
	require.NoError(t, err)
	project, err := options.LoadProject(t.Context())
	require.NoError(t, err)
	return project
}

// roles are the services that run leadrouter.
func roles(t *testing.T) types.Services {
	t.Helper()
	project := compose(t)
	own := project.Services.Filter(func(s types.ServiceConfig) bool { return s.Image == image })
	require.NotEmpty(t, own)
	return own
}

// flagOf returns the flag that a variable sets: LEADROUTER_LOG_LEVEL is --log-level.
func flagOf(variable string) string {
	name := strings.ToLower(strings.TrimPrefix(variable, "LEADROUTER_"))
	return "--" + strings.ReplaceAll(name, "_", "-")
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(path))
	require.NoError(t, err)
	return string(text)
}

// find returns what the pattern's first group matches.
func find(t *testing.T, text, pattern string) string {
	t.Helper()
	match := regexp.MustCompile(pattern).FindStringSubmatch(text)
	require.NotNil(t, match, pattern)
	return match[1]
}
