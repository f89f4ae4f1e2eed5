package accounts_test

import (
	"testing"

	"go.uber.org/goleak"

	"leadrouter/pkg/testkit/services"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(services.Main(m)) }
