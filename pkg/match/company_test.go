package match_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/match"
	"leadrouter/pkg/policy"
)

// TestLegalForms: a name with the legal form of its country is the name without it.
func TestLegalForms(t *testing.T) {
	t.Parallel()
	for language, names := range map[string][]string{
		"English":      {"Acme Inc.", "ACME, Inc", "Acme Corp.", "Acme Corporation", "Acme LLC", "Acme L.L.C.", "Acme Ltd.", "Acme Limited", "Acme plc", "Acme Co., Ltd.", "The Acme Company", "Acme LLP", "Acme Pty Ltd", "Acme Pte. Ltd.", "Acme Pvt. Ltd.", "Acme Sdn. Bhd."},
		"German":       {"Acme GmbH", "Acme G.m.b.H.", "Acme AG", "Acme Aktiengesellschaft", "Acme GmbH & Co. KG", "Acme GmbH & Co. KGaA", "Acme UG (haftungsbeschränkt)", "Acme e.K.", "Acme OHG", "Acme eG", "Acme SE", "AcmeGmbH", "Acme Gesellschaft mit beschränkter Haftung"},
		"French":       {"Acme S.A.", "Acme SA", "Acme S.A.S.", "Acme SARL", "Acme S.à r.l.", "Acme SNC", "Société Anonyme Acme", "Acme & Cie"},
		"Spanish":      {"Acme S.L.", "Acme S.A. de C.V.", "Acme S. de R.L. de C.V.", "Acme Cía. Ltda.", "Acme S.L.U."},
		"Portuguese":   {"Acme Lda.", "Acme Ltda", "Acme S/A", "Acme SGPS, S.A.", "Acme EIRELI"},
		"Italian":      {"Acme S.p.A.", "Acme S.r.l.", "Acme Srl unipersonale", "Acme S.n.c."},
		"Dutch":        {"Acme B.V.", "Acme N.V.", "Acme BVBA", "Acme V.O.F.", "Stichting Acme"},
		"Danish":       {"Acme A/S", "Acme ApS", "Acme I/S"},
		"Norwegian":    {"Acme AS", "Acme ASA"},
		"Swedish":      {"Acme AB", "AB Acme", "Acme Aktiebolag", "Acme AB (publ)"},
		"Finnish":      {"Acme Oy", "Acme Oyj", "Oy Acme Ab", "Acme Osakeyhtiö"},
		"Icelandic":    {"Acme ehf.", "Acme hf."},
		"Estonian":     {"Acme OÜ", "AS Acme"},
		"Latvian":      {"SIA Acme", "Acme SIA"},
		"Lithuanian":   {"UAB Acme", "Acme, UAB"},
		"Polish":       {"Acme Sp. z o.o.", "Acme sp. z o. o.", "Acme Spółka z ograniczoną odpowiedzialnością", "Acme S.A.", "Acme Sp. z o.o. Sp. k."},
		"Czech":        {"Acme s.r.o.", "Acme, spol. s r.o.", "Acme a.s."},
		"Hungarian":    {"Acme Kft.", "Acme Zrt.", "Acme Nyrt.", "Acme Bt."},
		"Romanian":     {"Acme S.R.L.", "S.C. Acme S.R.L.", "Societatea cu Răspundere Limitată Acme"},
		"Croatian":     {"Acme d.o.o.", "Acme d.d.", "Acme j.d.o.o."},
		"Serbian":      {"Acme ДОО", "Acme a.d."},
		"Bulgarian":    {"Acme ООД", "Acme ЕООД", "Acme AD"},
		"Russian":      {"ООО Acme", "OOO \"Acme\"", "АО «Acme»", "ПАО Acme", "Acme, ЗАО", "Общество с ограниченной ответственностью «Acme»"},
		"Ukrainian":    {"ТОВ «Acme»", "ПрАТ Acme"},
		"Greek":        {"Acme Α.Ε.", "Acme Ε.Π.Ε.", "Acme ΑΕ"},
		"Turkish":      {"Acme A.Ş.", "Acme Ltd. Şti.", "Acme San. ve Tic. A.Ş.", "Acme Anonim Şirketi"},
		"Albanian":     {"Acme Sh.p.k.", "Acme Sh.a."},
		"Georgian":     {"შპს Acme"},
		"Hebrew":       {"Acme בע\"מ"},
		"Arabic":       {"شركة Acme", "Acme ذ.م.م"},
		"Hindi":        {"Acme प्राइवेट लिमिटेड"},
		"Indonesian":   {"PT Acme", "PT Acme Tbk"},
		"Vietnamese":   {"Công ty TNHH Acme", "Công ty Cổ phần Acme", "CTCP Acme"},
		"Thai":         {"บริษัท Acme จำกัด", "บริษัท Acme จำกัด (มหาชน)"},
		"Chinese":      {"Acme有限公司", "Acme股份有限公司"},
		"Japanese":     {"株式会社Acme", "Acme(株)", "㈱Acme", "有限会社Acme"},
		"Korean":       {"주식회사 Acme", "(주)Acme"},
		"misspelt":     {"Acme Aktiengeselschaft", "Acme Gesellschaft mit beschränkter Haftng"},
		"none, at all": {"Acme", "ACME", " acme ", "Ácmè", "ＡＣＭＥ", "Acme®"},
	} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			for _, name := range names {
				require.Equal(t, "acme", match.CompanyName(name).Key, name)
			}
		})
	}
}

func TestCompanyForm(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]match.Form{
		"Acme": "", "Acme Company": "", "Acme AG": match.FormStock, "ООО Acme": match.FormLimited, "Acme GmbH & Co. KG": match.FormPartnership,
		"Acme e.V.": match.FormAssociation, "АНО Acme": match.FormAssociation, "Acme eG": match.FormCooperative, "Acme e.K.": match.FormSole,
		"Acme株式会社": match.FormStock, "Acme Holding Ltd.": match.FormLimited,
	} {
		require.Equal(t, want, match.CompanyName(name).Form, name)
	}
}

func TestStripLegalForm(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Müller & Söhne GmbH & Co. KG": "Müller & Söhne", "ООО «Ромашка»": "Ромашка", "Acme": "Acme", "Limited": "Limited", "": "",
		"S.A. Dupont": "Dupont", "トヨタ自動車株式会社": "トヨタ自動車", "Gekko & Co": "Gekko", " The Limited Brands, Inc. ": "The Limited Brands",
		"PT Bank Central Asia Tbk": "Bank Central Asia", "3M Company": "3M", "GmbH": "GmbH",
	} {
		got, _ := match.StripLegalForm(name)
		require.Equal(t, want, got, name)
	}
}

// TestSameCompanies are pairs that somebody who knows neither would take for one company.
func TestSameCompanies(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"International Business Machines Corp.", "IBM"},
		{"Müller Maschinenbau", "Mueller Maschinenbau GmbH"},
		{"Procter & Gamble", "P&G"},
		{"AT&T Inc.", "A T & T"},
		{"First International Bank", "1st Int'l Bank"},
		{"Wal-Mart Stores Inc.", "Walmart Stores"},
		{"J.P. Morgan Chase", "JPMorgan Chase & Co."},
		{"McDonald's Corporation", "McDonalds"},
		{"Amazon.com, Inc.", "Amazon"},
		{"Nestlé S.A.", "NESTLE"},
		{"Газпром", "Gazprom PJSC"},
		{"Сбербанк России", "Sberbank Rossii"},
		{"Ελληνικά Πετρέλαια Α.Ε.", "Ellinika Petrelaia"},
		{"华为技术有限公司", "Huawei Technologies"},
		{"삼성전자", "Samsung Electronics Co., Ltd."},
		{"ソニー株式会社", "Sony Corporation"},
		{"Acme (Schweiz) AG", "Acme"},
		{"Brigade Forty-Four", "Brigade 44"},
	} {
		x, y := match.CompanyName(pair[0]), match.CompanyName(pair[1])
		require.GreaterOrEqual(t, match.SimilarCompanies(x, y), match.SameCompany, "%v %v %v", pair, x, y)
	}
}

func TestOtherCompanies(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{
		{"Acme Steel", "Acme Foods"},
		{"Samsung Electronics", "LG Electronics"},
		{"Fund I", "Fund II"},
		{"Weber Bank", "Huber Bank"},
		{"LXC Aviation", "LAU Aviation"},
		{"Management Company", "Westminster Management Company"},
		{"Deutsche Bank e.V.", "Deutsche Bank AG"},
		{"ООО «БАЙ»", "ООО «БАЙКАЛ»"},
		{"阿里巴巴", "Amazon.com Inc"},
		{"Acme", ""},
		{"", ""},
		{"Bank", "Group"},
		{"Nova 1", "Nova 2"},
	} {
		x, y := match.CompanyName(pair[0]), match.CompanyName(pair[1])
		require.Less(t, match.SimilarCompanies(x, y), match.SameCompany, "%v", pair)
	}
}

func TestDefaultsOfPolicies(t *testing.T) {
	t.Parallel()
	require.Equal(t, policy.DefaultSame, match.SameCompany)
	require.Equal(t, policy.DefaultReview, match.MaybeCompany)
}

// texts are names as anybody may type them, and worse.
func texts() *rapid.Generator[string] {
	pieces := rapid.SampledFrom([]string{
		"Acme", "GmbH", "&", "Co.", "KG", "S.A.", "de", "C.V.", "ООО", "Ромашка", "株式会社", "トヨタ", "삼성", "(주)", "بنك", "ធនាគារ", "Ltd", "The",
		"1st", "forty", "4", "A", "B", "-", "/", "'", "ß", "İ", "ﬁ", "é", "٣", "\u0301", "\u200d", "™", "公司", "Bank", "Int'l", "com", ".",
	})
	return rapid.OneOf(rapid.String(), rapid.Custom(func(t *rapid.T) string {
		out := ""
		for _, p := range rapid.SliceOfN(pieces, 0, 8).Draw(t, "pieces") {
			out += p + rapid.SampledFrom([]string{" ", "", "-", "."}).Draw(t, "gap")
		}
		return out
	}))
}

// TestSimilarity holds for all names: a name is itself, the order of two does not matter, a
// score is one, and taking a name apart twice changes nothing.
func TestSimilarity(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := texts().Draw(t, "a"), texts().Draw(t, "b")
		x, y := match.CompanyName(a), match.CompanyName(b)
		score := match.SimilarCompanies(x, y)
		require.Equal(t, score, match.SimilarCompanies(y, x))
		require.True(t, 0 <= score && score <= lead.Certain, score)
		if !x.Empty() {
			require.Equal(t, lead.Certain, match.SimilarCompanies(x, x))
			require.Regexp(t, "^[a-z0-9]+$", x.Key)
			require.Len(t, x.Words(), x.Len())
		}
		p, q := match.PersonName(a), match.PersonName(b)
		persons := match.SimilarPersons(p, q)
		require.Equal(t, persons, match.SimilarPersons(q, p))
		require.True(t, 0 <= persons && persons <= lead.Certain, persons)
		rest, _ := match.StripLegalForm(a)
		again, _ := match.StripLegalForm(rest)
		require.LessOrEqual(t, len(again), len(rest))
	})
}

func FuzzCompanyName(f *testing.F) {
	for _, s := range []string{"Acme GmbH & Co. KG", "ООО «Ромашка»", "株式会社日立", "\xff\xfe", "A.B.C. Company", "㈱"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := match.CompanyName(s)
		require.Equal(t, n, match.CompanyName(s))
		match.StripLegalForm(s)
		match.PersonName(s)
	})
}
