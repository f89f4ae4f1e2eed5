package train_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/score/train"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	trained := newWorld(2000, 22).dated()
	m, _, err := train.Train(trained.table, train.Config{})
	require.NoError(t, err)
	until := trained.table.Times[1999]
	require.Equal(t, until.Format(time.RFC3339), m.Trained.Until)

	t.Run("it holds", func(t *testing.T) {
		t.Parallel()
		h := train.Check(m, newWorld(3000, 22).dated().table, train.CheckConfig{Now: until.Add(time.Hour), MaxAge: 24 * time.Hour})
		require.Equal(t, 1000, h.Leads, "those since")
		require.Empty(t, h.Due)
		require.NotNil(t, h.Now)
		require.Less(t, h.Shifts[0].PSI, 0.1)
	})
	t.Run("it is old", func(t *testing.T) {
		t.Parallel()
		h := train.Check(m, trained.table, train.CheckConfig{Now: until.Add(72 * time.Hour), MaxAge: 24 * time.Hour})
		require.Zero(t, h.Leads)
		require.Nil(t, h.Now, "there is nothing new to tell by")
		require.Len(t, h.Due, 1)
		require.Contains(t, h.Due[0], "3 days ago")
	})
	t.Run("leads have changed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(3000, 22).dated()
		w.table.Columns = w.table.Columns[1:]
		w.column("source", func(i int) any {
			if i < 2000 {
				return w.sources[i]
			}
			return "fax"
		})
		h := train.Check(m, w.table, train.CheckConfig{Now: until})
		require.Equal(t, "source", h.Shifts[0].Name)
		require.Greater(t, h.Shifts[0].PSI, train.MuchPSI)
		require.Contains(t, h.Due[0], "source is not what it was")
	})
	t.Run("outcomes have changed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(3000, 22).dated()
		for i := 2000; i < 3000; i++ {
			w.table.Won[i] = w.dice.chance(30)
		}
		h := train.Check(m, w.table, train.CheckConfig{Now: until})
		require.Len(t, h.Due, 1)
		require.Contains(t, h.Due[0], "it tells leads apart less well")
	})
	t.Run("from a day on", func(t *testing.T) {
		t.Parallel()
		h := train.Check(m, trained.table, train.CheckConfig{Now: until, Since: trained.table.Times[1500]})
		require.Equal(t, 500, h.Leads)
	})
}
