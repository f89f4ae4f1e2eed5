package lead_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/lead"
)

func TestAmountsAsPeopleTypeThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{
		"1.234,50 €": 1234.5, "1,234.50": 1234.5, "€1,234.50": 1234.5, "1 234,50 EUR": 1234.5, "1'234.50 CHF": 1234.5, "1’234.50": 1234.5,
		"12500": 12500, "12.500": 12500, "12,500": 12500, "12,5": 12.5, "12.50": 12.5, "0,500": 0.5, "1.234.567": 1234567, "1,00,000": 100000,
		"$12k": 12000, "$ 12.5K": 12500, "12,5k": 12500, "12 tsd. €": 12000, "50 T€": 0, "TEUR 50": 50000, "1,2 Mio.": 1.2e6, "1.234 Mio. €": 1.234e6,
		"1,5 Mrd": 1.5e9, "2 million dollars": 2e6, "US$ 3.5 bn": 3.5e9, "₹ 5 lakh": 500000, "Rs. 2 crore 50 lakh": 25e6, "R$ 50 mil": 50000,
		"50 mil euros": 50000, "2,5 millones": 2.5e6, "3 milioni di euro": 3e6, "250 000 kr": 250000, "2 mkr": 2e6, "10 tys. zł": 10000, "1,5 mln zł": 1.5e6,
		"100 tis. Kč": 100000, "5 millió Ft": 5e6, "10 тыс. руб.": 10000, "1,5 млн ₽": 1.5e6, "3億円": 3e8, "1億2000万円": 1.2e8, "50万元": 500000,
		"5천만원": 5e7, "３００万円": 3e6, "١٢٣٤": 1234, "٥٠ ألف": 50000, "१,००,०००": 100000, "20 bin TL": 20000, "5 triệu đồng": 5e6,
		"1.200,-": 1200, "ca. 5000 €": 5000, "~10k": 10000, "> 5000": 5000, "10k+": 10000, "10-20k": 10000, "10k - 20k €": 10000, "$10,000 – $20,000": 10000,
		"5000 bis 7000": 5000, "51-200": 51, "1.001-5.000 Mitarbeiter": 1001, "10,001+ employees": 10001, "0": 0,
	} {
		got, ok := lead.ParseAmount(text)
		if want == 0 && text != "0" {
			require.False(t, ok, text)
			continue
		}
		require.True(t, ok, text)
		require.InDelta(t, want, got.Value, 0, text)
	}
}

func TestWhatIsNoAmount(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", " ", "call me", "a lot", "-5", "5%", "12 12", "1.2.3,4,5", "5 apples", "€", "k", "10k 20k", "20-10", "1e9", "0x10", "12,34,5", "5 € $",
		"five", "2026-11-24", "< 10k", "1 2 3", "k5k", "10 20", string([]byte{0xff}),
	} {
		got, ok := lead.ParseAmount(text)
		require.False(t, ok, "%q: %v", text, got.Value)
	}
}

// TestTypedNumbers: texts for numbers are read with what else the lead says, and kept where
// they cannot be.
func TestTypedNumbers(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`"deal_value":"$12k"`:                                            "12000 USD",
		`"deal_value":"$12k","country":"CA"`:                             "12000 CAD",
		`"deal_value":"$12k","currency":"AUD"`:                           "12000 AUD",
		`"deal_value":"€12k","currency":"USD"`:                           "- USD €12k",
		`"deal_value":"250 kr"`:                                          "-  250 kr",
		`"deal_value":"250 kr","country":"NO"`:                           "250 NOK",
		`"deal_value":"¥5000","country":"JP"`:                            "5000 JPY",
		`"deal_value":"1.234,50 €"`:                                      "1234.5 EUR",
		`"deal_value":"1.234,50"`:                                        "1234.5 ",
		`"deal_value":"call me"`:                                         "-  call me",
		`"deal_value":"10 billion"`:                                      "-  10 billion",
		`"deal_value":"  "`:                                              "- ",
		`"deal_value":"12k","attributes":{"deal_value":"mine"}`:          "12000  mine",
		`"deal_value":"x","attributes":{"deal_value":"mine"}`:            "-  mine",
		`"deal_value":"€5k","company":{"annual_revenue":"$5M"}`:          "5000 EUR",
		`"company":{"annual_revenue":"$5M","employees":"51-200"}`:        "- USD",
		`"deal_value":null,"company":{"employees":"many","name":"Acme"}`: "- ",
	} {
		l, err := lead.Parse([]byte(`{"id":"a",` + raw + `}`))
		require.NoError(t, err, raw)
		got := "-"
		if l.DealValue != nil {
			got = strconv.FormatFloat(*l.DealValue, 'f', -1, 64)
		}
		got += " " + l.Currency
		if text, ok := l.Attributes["deal_value"].(string); ok {
			got += " " + text
		}
		require.Equal(t, want, got, raw)
	}
	l, err := lead.Parse([]byte(`{"id":"a","company":{"annual_revenue":"$5M","employees":"51-200","name":"Acme"}}`))
	require.NoError(t, err)
	require.Equal(t, lead.Company{Name: "Acme", Employees: new(int64(51)), AnnualRevenue: new(5e6)}, l.Company)
	l, err = lead.Parse([]byte(`{"id":"a","company":{"employees":"2,5"}}`))
	require.NoError(t, err)
	require.Equal(t, map[string]any{"company.employees": "2,5"}, l.Attributes)
	_, err = lead.Parse([]byte(`{"id":"a","company":{"employees":"50","name":17}}`))
	require.ErrorContains(t, err, "company.name: is not a text")
}

// TestAmountsBothWays: a number that is written as a language writes it is read as that number.
func TestAmountsBothWays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		whole := rapid.Int64Range(0, 8e9).Draw(t, "whole")
		cents := rapid.Int64Range(0, 99).Draw(t, "cents")
		marks := rapid.SampledFrom([][2]string{{".", ","}, {",", "."}, {" ", ","}, {"'", "."}, {"\u202f", ","}, {"", "."}, {"", ","}}).Draw(t, "marks")
		digits := strconv.FormatInt(whole, 10)
		text := ""
		for len(digits) > 3 {
			text = marks[0] + digits[len(digits)-3:] + text
			digits = digits[:len(digits)-3]
		}
		text = digits + text + marks[1] + strconv.Itoa(int(cents/10)) + strconv.Itoa(int(cents%10))
		sign := rapid.SampledFrom([]string{"", "€", "$", " EUR", "£", " zł"}).Draw(t, "sign")
		if rapid.Bool().Draw(t, "in front") {
			text = sign + " " + text
		} else {
			text += sign
		}
		got, ok := lead.ParseAmount(text)
		require.True(t, ok, text)
		require.InDelta(t, float64(whole)+float64(cents)/100, got.Value, 1e-6, text)
	})
}

func FuzzAmount(f *testing.F) {
	for _, text := range []string{"1.234,50 €", "$12k", "1億2000万円", "10-20k", "₹ 5 lakh", "١٢٣", "1'000", "-", "..", "5 5 5"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, ok := lead.ParseAmount(text)
		if !ok {
			return
		}
		require.GreaterOrEqual(t, a.Value, 0.0)
		again, ok := lead.ParseAmount(" " + text + " ")
		if len(text) < 60 {
			require.True(t, ok)
			require.Equal(t, a, again)
		}
	})
}
