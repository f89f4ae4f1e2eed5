package enrich_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/enrich"
)

// titles are read by hand: what a person of that language takes them for.
func titles() map[string]enrich.Title {
	return map[string]enrich.Title{
		// English
		"CEO":                                   {"c_level", ""},
		"Co-Founder & CTO":                      {"c_level", "engineering"},
		"Chief Happiness Officer":               {"c_level", ""},
		"Chief Information Security Officer":    {"c_level", "it"},
		"Managing Director":                     {"c_level", ""},
		"Owner":                                 {"c_level", ""},
		"Product Owner":                         {"staff", "product"},
		"President":                             {"c_level", ""},
		"Vice President, Sales":                 {"vp", "sales"},
		"SVP Global Marketing":                  {"vp", "marketing"},
		"VP Risk":                               {"vp", ""},
		"Head of People":                        {"director", "hr"},
		"Director of Engineering":               {"director", "engineering"},
		"Senior Product Manager":                {"manager", "product"},
		"Key Account Manager":                   {"manager", "sales"},
		"Assistant Manager":                     {"manager", ""},
		"Assistant to the CEO":                  {"staff", ""},
		"Executive Assistant to the VP Finance": {"staff", ""},
		"Sr. Software Engineer":                 {"senior", "engineering"},
		"Sales Representative":                  {"staff", "sales"},
		"HR Business Partner":                   {"staff", "hr"},
		"Marketing Intern":                      {"junior", "marketing"},
		"General Counsel":                       {"staff", "legal"},
		// German
		"Geschäftsführer":                  {"c_level", ""},
		"Geschaeftsfuehrerin":              {"c_level", ""},
		"Assistentin der Geschäftsführung": {"staff", ""},
		"Vertriebsleiter DACH":             {"director", "sales"},
		"Leiterin Einkauf":                 {"director", "procurement"},
		"Personalreferentin":               {"staff", "hr"},
		"Teamleiter Kundenservice":         {"manager", "support"},
		"Softwareentwickler":               {"staff", "engineering"},
		"Werkstudent Marketing":            {"junior", "marketing"},
		"Vorstandsassistentin":             {"staff", ""},
		// French
		"Directrice des ressources humaines":   {"director", "hr"},
		"Président-Directeur Général":          {"c_level", ""},
		"Responsable marketing":                {"manager", "marketing"},
		"Développeur confirmé":                 {"senior", "engineering"},
		"Chef d’entreprise":                    {"c_level", ""},
		"Acheteuse":                            {"staff", "procurement"},
		"Stagiaire en communication":           {"junior", "marketing"},
		"Directeur administratif et financier": {"c_level", "finance"},
		// Spanish, Italian, Portuguese
		"Director General":             {"c_level", ""},
		"Jefa de Ventas":               {"manager", "sales"},
		"Responsable de Compras":       {"manager", "procurement"},
		"Ingeniero de software":        {"staff", "engineering"},
		"Amministratore Delegato":      {"c_level", ""},
		"Direttrice commerciale":       {"director", "sales"},
		"Responsabile acquisti":        {"manager", "procurement"},
		"Sócio-gerente":                {"c_level", ""},
		"Diretora de Recursos Humanos": {"director", "hr"},
		"Estagiário":                   {"junior", ""},
		// Dutch, Polish
		"Algemeen directeur":       {"c_level", ""},
		"Hoofd Inkoop":             {"director", "procurement"},
		"Salesmanager":             {"manager", "sales"},
		"Prezes Zarządu":           {"c_level", ""},
		"Dyrektor Sprzedaży":       {"director", "sales"},
		"Kierownik działu zakupów": {"manager", "procurement"},
		"Asystentka prezesa":       {"staff", ""},
		"Główna księgowa":          {"staff", "finance"},
		// Nordic
		"VD":                       {"c_level", ""},
		"Försäljningschef":         {"manager", "sales"},
		"Verkställande direktör":   {"c_level", ""},
		"Salgsdirektør":            {"director", "sales"},
		"Administrerende direktør": {"c_level", ""},
		"Daglig leder":             {"c_level", ""},
		"Markedsføringssjef":       {"manager", "marketing"},
		"Toimitusjohtaja":          {"c_level", ""},
		"Myyntijohtaja":            {"director", "sales"},
		"Henkilöstöpäällikkö":      {"manager", "hr"},
		// Czech, Slovak, Hungarian, Romanian
		"Jednatel společnosti": {"c_level", ""},
		"Obchodní ředitel":     {"director", "sales"},
		"Generálny riaditeľ":   {"c_level", ""},
		"Ügyvezető igazgató":   {"c_level", ""},
		"Értékesítési vezető":  {"manager", "sales"},
		"Director de vânzări":  {"director", "sales"},
		// Turkish, Greek
		"Genel Müdür":             {"c_level", ""},
		"SATIŞ MÜDÜRÜ":            {"director", "sales"},
		"İnsan Kaynakları Uzmanı": {"senior", "hr"},
		"Διευθύνων Σύμβουλος":     {"c_level", ""},
		"ΔΙΕΥΘΥΝΤΗΣ ΠΩΛΗΣΕΩΝ":     {"director", "sales"},
		// Cyrillic
		"Генеральный директор":            {"c_level", ""},
		"Менеджер по продажам":            {"manager", "sales"},
		"Начальник отдела закупок":        {"director", "procurement"},
		"Помощник генерального директора": {"staff", ""},
		"Провідний розробник":             {"senior", "engineering"},
		// East Asia
		"代表取締役社長": {"c_level", ""},
		"営業部長":    {"director", "sales"},
		"課長":      {"manager", ""},
		"总经理":     {"c_level", ""},
		"副总经理":    {"vp", ""},
		"市场总监":    {"director", "marketing"},
		"采购经理":    {"manager", "procurement"},
		"대표이사":    {"c_level", ""},
		"영업팀장":    {"manager", "sales"},
		"인턴":      {"junior", ""},
		// Arabic, Hebrew, Vietnamese
		"الرئيس التنفيذي":     {"c_level", ""},
		"مدير المبيعات":       {"manager", "sales"},
		`מנכ"ל`:               {"c_level", ""},
		"סמנכ״ל שיווק":        {"vp", "marketing"},
		"Giám đốc kinh doanh": {"director", "sales"},
		// Nothing to be told
		"":              {},
		"Wizard of Oz":  {},
		"12345 !!":      {},
		"\u200b\u0301x": {},
	}
}

func TestTitlesInManyLanguages(t *testing.T) {
	t.Parallel()
	e := enrich.New(enrich.Config{})
	for title, want := range titles() {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, want, e.Title(title))
		})
	}
}

// How a title is typed does not matter.
func TestTitlesInCapitals(t *testing.T) {
	t.Parallel()
	e := enrich.New(enrich.Config{})
	for title, want := range titles() {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, want, e.Title("  "+strings.ToUpper(title)+" "))
		})
	}
}

func FuzzTitle(f *testing.F) {
	for title := range titles() {
		f.Add(title)
	}
	e := enrich.New(enrich.Config{})
	f.Fuzz(func(t *testing.T, title string) {
		got := e.Title(title)
		if utf8.ValidString(title) {
			require.Equal(t, got, e.Title(" "+title), "a space changes what a title says")
		}
		if got.Function != "" {
			require.NotEmpty(t, got.Seniority)
		}
	})
}
