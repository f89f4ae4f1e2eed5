package match

import (
	"slices"
	"strings"
	"sync"
)

// Form is a kind of legal form: what a company may not differ in and be the same.
type Form string

// The kinds of legal forms. One that is used for several ("company") is of no kind.
const (
	FormStock       Form = "stock"       // shares: AG, SA, plc, Inc
	FormLimited     Form = "limited"     // limited liability: GmbH, Ltd, ООО
	FormPartnership Form = "partnership" // KG, LP, OHG
	FormCooperative Form = "cooperative" // eG, Genossenschaft
	FormAssociation Form = "association" // for no profit: e.V., foundation, АНО
	FormSole        Form = "sole"        // one person: e.K., ИП
	FormAny         Form = "any"         // company, entreprise: says nothing
)

// formsOf are the legal forms of a language or country: those of a kind apart by "|". They
// are taken off in any spelling that folds to the same letters: "S.à r.l." is "SARL".
type formsOf struct {
	where string
	forms map[Form]string
}

// alphabetForms are legal forms in alphabets with spaces between words.
func alphabetForms() []formsOf { //nolint:funlen // a table
	return []formsOf{
		{"English", map[Form]string{
			FormStock: "Inc | Incorporated | Corp | Corporation | PLC | Public Limited Company | JSC | Joint Stock Company | " +
				"PJSC | Public Joint Stock Company | OJSC | Open Joint Stock Company | CJSC | Closed Joint Stock Company | QPSC | PSC | PJS | Public Company Limited | PCL | Publ",
			FormLimited: "Ltd | Limited | LLC | Limited Liability Company | L L C | LC | Co Ltd | Company Limited | Co Limited | Ltd Co | Ltd Company | Pty Ltd | Pty Limited | " +
				"Pty | Proprietary Limited | Pvt Ltd | Private Limited | Private Ltd | Pvt Limited | Pvt | PTE Ltd | PTE Limited | PTE | WLL | DWC LLC | FZE | FZCO | FZ LLC | FZC | " +
				"Sdn Bhd | Sendirian Berhad | Bhd | Berhad | Unlimited | CLG | DAC | PLLC | Ltd Liability Co | LDC | Unlimited Company",
			FormPartnership: "LP | LLP | LLLP | Limited Partnership | Limited Liability Partnership | General Partnership | GP",
			FormCooperative: "Co op | Cooperative | Cooperative Society | Mutual",
			FormAssociation: "CIC | Charity | Non Profit | Nonprofit | Not for Profit",
			FormAny:         "Co | Company | Companies | & Co | and Company | and Co | Firm | Enterprise | NA | National Association",
		}},
		{"German", map[Form]string{
			FormStock:   "AG | Aktiengesellschaft | AkG | SE | Europäische Gesellschaft | Societas Europaea | KGaA | Kommanditgesellschaft auf Aktien | AG & Co KGaA | SE & Co KGaA | GmbH & Co KGaA",
			FormLimited: "GmbH | Gesellschaft mit beschränkter Haftung | Ges mbH | GesmbH | mbH | gGmbH | UG | UG haftungsbeschränkt | Unternehmergesellschaft | haftungsbeschränkt | FlexCo",
			FormPartnership: "KG | Kommanditgesellschaft | OHG | Offene Handelsgesellschaft | GbR | Gesellschaft bürgerlichen Rechts | PartG | PartG mbB | PartGmbB | GmbH & Co KG | GmbH & Co | " +
				"GmbH u Co KG | GmbH und Co KG | AG & Co KG | UG & Co KG | SE & Co KG | & Co KG | Co KG | mbB | GmbH & Co OHG | OG | KEG",
			FormCooperative: "eG | Genossenschaft | eingetragene Genossenschaft | eGen",
			FormAssociation: "e V | eingetragener Verein | gemeinnützige GmbH | Stiftung & Co | VVaG",
			FormSole:        "e K | e Kfm | e Kfr | eingetragener Kaufmann | Einzelunternehmen | Inh",
			FormAny:         "Firma | Fa",
		}},
		{"French", map[Form]string{
			FormStock:       "SA | Société Anonyme | SAS | Société par actions simplifiée | SASU | SCA | Société en commandite par actions | SE",
			FormLimited:     "SARL | Société à responsabilité limitée | EURL | SARLU | SRL | SPRL | BVBA | Sàrl",
			FormPartnership: "SNC | Société en nom collectif | SCS | Société en commandite simple | SCI | Société civile | SCP | SELARL | GIE | SEP",
			FormCooperative: "SCOP | SCIC | SCRL | Société coopérative",
			FormAssociation: "ASBL | Association loi 1901 | AISBL",
			FormSole:        "EIRL | Auto entrepreneur",
			FormAny:         "Cie | et Cie | & Cie | Compagnie | Société | Ets | Établissements | Entreprise",
		}},
		{"Spanish", map[Form]string{
			FormStock:       "SA | Sociedad Anónima | SA de CV | SAB | SAB de CV | Sociedad Anónima de Capital Variable | SAU | SAPI de CV | SAPI | SAC | SAA | SpA | Sociedad por Acciones | SACI | SAIC | SACIF",
			FormLimited:     "SL | Sociedad Limitada | SLU | Sociedad de Responsabilidad Limitada | S de RL | S de RL de CV | SRL de CV | SLNE | SLL | Ltda | Limitada | Cía Ltda | Compañía Limitada | Sociedad Limitada Unipersonal | EIRL",
			FormPartnership: "S en C | SC | Sociedad Civil | SLP | S en NC | Sociedad Colectiva | SCom",
			FormCooperative: "S Coop | Sociedad Cooperativa | SCL",
			FormAssociation: "AC | Asociación Civil | IAP",
			FormAny:         "Cía | y Cía | e Hijos | Compañía | Empresa | SAS | Sociedad | de CV",
		}},
		{"Portuguese", map[Form]string{
			FormStock:       "SA | S/A | Sociedade Anônima | SGPS | SGPS SA",
			FormLimited:     "Lda | Limitada | Ltda | Ltda ME | Unipessoal Lda | Sociedade por Quotas | EIRELI | Sociedade Limitada",
			FormCooperative: "CRL | Cooperativa",
			FormSole:        "MEI | ME | EPP",
			FormAny:         "Cia | e Cia | Companhia | Empresa",
		}},
		{"Italian", map[Form]string{
			FormStock:       "SpA | Società per Azioni | SAPA",
			FormLimited:     "Srl | Società a responsabilità limitata | Srls | Srl unipersonale | Srl a socio unico",
			FormPartnership: "Sas | Società in accomandita semplice | Snc | Società in nome collettivo | SS",
			FormCooperative: "Scarl | Soc Coop | Società Cooperativa | Scrl | Soc Coop a rl",
			FormAssociation: "Onlus | Ente",
			FormAny:         "Ditta | Società | Soc | Azienda | F lli",
		}},
		{"Dutch", map[Form]string{
			FormStock:       "NV | Naamloze Vennootschap",
			FormLimited:     "BV | Besloten Vennootschap | BV BA | BVBA | Besloten Vennootschap met beperkte aansprakelijkheid",
			FormPartnership: "VOF | Vennootschap onder firma | CV | Commanditaire Vennootschap | Maatschap | CommV | Comm VA",
			FormCooperative: "Coöperatie | CVBA | UA | Coöperatie UA",
			FormAssociation: "VZW | Stichting | Vereniging",
			FormSole:        "Eenmanszaak",
		}},
		{"Danish, Norwegian, Swedish", map[Form]string{
			FormStock:       "A/S | Aktieselskab | AS | ASA | Aksjeselskap | Allmennaksjeselskap | AB | Aktiebolag | AB publ | P/S",
			FormLimited:     "ApS | Anpartsselskab | IVS | Smba",
			FormPartnership: "I/S | Interessentskab | K/S | Kommanditselskab | ANS | DA | HB | Handelsbolag | KB | Kommanditbolag",
			FormCooperative: "AMBA | Ek för | Ekonomisk förening",
			FormAssociation: "Ideell förening | Stiftelse",
			FormSole:        "Enkeltmandsvirksomhed | ENK | Enskild firma | EF",
		}},
		{"Icelandic, Faroese", map[Form]string{FormStock: "hf | Hlutafélag | P/F", FormLimited: "ehf | Einkahlutafélag", FormPartnership: "sf | slf", FormCooperative: "svf"}},
		{"Finnish", map[Form]string{
			FormStock: "Oyj | Julkinen osakeyhtiö | Abp", FormLimited: "Oy | Osakeyhtiö | Oy Ab | Ab Oy", FormPartnership: "Ky | Kommandiittiyhtiö | Ay | Avoin yhtiö",
			FormCooperative: "Osk | Osuuskunta", FormAssociation: "ry | Rekisteröity yhdistys | sr", FormSole: "Tmi | Toiminimi",
		}},
		{"Estonian, Latvian, Lithuanian", map[Form]string{
			FormStock:       "AS | Aktsiaselts | Akciju sabiedrība | AB | Akcinė bendrovė | A/S",
			FormLimited:     "OÜ | Osaühing | SIA | Sabiedrība ar ierobežotu atbildību | UAB | Uždaroji akcinė bendrovė | MB | Mažoji bendrija",
			FormPartnership: "TÜ | UÜ | IK | TŪB",
			FormCooperative: "Ühistu", FormAssociation: "MTÜ | VšĮ", FormSole: "FIE | IĮ",
		}},
		{"Polish", map[Form]string{
			FormStock:       "SA | Spółka Akcyjna | PSA | Prosta spółka akcyjna",
			FormLimited:     "Sp z oo | Sp z o o | Sp zoo | Spzoo | Spółka z oo | Spółka z ograniczoną odpowiedzialnością",
			FormPartnership: "Sp k | Spk | Spółka komandytowa | Sp j | Spj | Spółka jawna | SC | Spółka cywilna | Sp p | SKA | Spółka komandytowo-akcyjna | Sp z oo Sp k | Sp z oo sp komandytowa | Sp z oo SK",
			FormCooperative: "Spółdzielnia", FormAssociation: "Fundacja | Stowarzyszenie",
			FormAny: "PPHU | PHU | FHU | Przedsiębiorstwo",
		}},
		{"Czech, Slovak", map[Form]string{
			FormStock: "a s | as | Akciová společnost | Akciová spoločnosť", FormLimited: "s r o | sro | spol s r o | spol sro | Společnost s ručením omezeným | Spoločnosť s ručením obmedzeným",
			FormPartnership: "v o s | vos | k s | Komanditní společnost | Veřejná obchodní společnost", FormCooperative: "Družstvo", FormAssociation: "z s | o p s | Spolek", FormAny: "spol | s p",
		}},
		{"Hungarian", map[Form]string{
			FormStock: "Rt | Nyrt | Zrt | Részvénytársaság | Nyilvánosan működő részvénytársaság | Zártkörűen működő részvénytársaság", FormLimited: "Kft | Korlátolt felelősségű társaság",
			FormPartnership: "Bt | Betéti társaság | Kkt", FormCooperative: "Szövetkezet", FormAssociation: "Alapítvány | Egyesület", FormSole: "Egyéni vállalkozó",
		}},
		{"Romanian", map[Form]string{
			FormStock: "SA | Societate pe acțiuni", FormLimited: "SRL | Societate cu răspundere limitată | Societatea cu răspundere limitată | SRL D | SC SRL",
			FormPartnership: "SNC | SCS | SCA", FormAssociation: "Asociația | ONG", FormSole: "PFA | Întreprindere individuală", FormAny: "SC | Societatea comercială",
		}},
		{"Croatian, Serbian, Slovenian, Bosnian, Macedonian", map[Form]string{
			FormStock:       "d d | dd | dioničko društvo | a d | ad | akcionarsko društvo | delniška družba | АД | акционерско друштво",
			FormLimited:     "d o o | doo | društvo s ograničenom odgovornošću | družba z omejeno odgovornostjo | j d o o | jdoo | ДОО | друштво са ограниченом одговорношћу | DOOEL | ДООЕЛ",
			FormPartnership: "k d | j t d | o d | КД | ОД", FormCooperative: "zadruga", FormAssociation: "udruga", FormSole: "obrt | s p | preduzetnik",
		}},
		{"Bulgarian", map[Form]string{
			FormStock: "АД | AD | акционерно дружество | ЕАД | EAD", FormLimited: "ООД | OOD | дружество с ограничена отговорност | ЕООД | EOOD",
			FormPartnership: "СД | КД | КДА", FormSole: "ЕТ | ET", FormAssociation: "ЮЛНЦ",
		}},
		{"Russian, Belarusian", map[Form]string{
			FormStock: "АО | AO | ОАО | OAO | ЗАО | ZAO | ПАО | PAO | НАО | акционерное общество | открытое акционерное общество | закрытое акционерное общество | " +
				"публичное акционерное общество | публичное АО | адкрытае акцыянернае таварыства | ААТ",
			FormLimited:     "ООО | OOO | общество с ограниченной ответственностью | ОДО | общество с дополнительной ответственностью | ТОО | TOO | товарищество с ограниченной ответственностью | ТАА",
			FormPartnership: "ТНВ | КТ | полное товарищество", FormCooperative: "ПК | производственный кооператив | СПК",
			FormAssociation: "АНО | ANO | автономная некоммерческая организация | НКО | некоммерческая организация | НП | РОО | ФГУП | ГУП | МУП | ФГБУ | ГБУ | УП | ЧУП",
			FormSole:        "ИП | IP | индивидуальный предприниматель | ЧП", FormAny: "компания | фирма | корпорация | предприятие | ОсОО | НПО | ПКФ",
		}},
		{"Ukrainian", map[Form]string{
			FormStock: "АТ | ПАТ | ПрАТ | PrAT | PAT | акціонерне товариство | публічне акціонерне товариство | приватне акціонерне товариство", FormLimited: "ТОВ | TOV | ТзОВ | товариство з обмеженою відповідальністю",
			FormSole: "ФОП | фізична особа підприємець", FormAny: "ПП | приватне підприємство | ДП",
		}},
		{"Kazakh, Uzbek, Azerbaijani", map[Form]string{FormLimited: "ЖШС | MChJ | MMC | QK", FormStock: "АҚ | AJ | ASC | QSC"}},
		{"Greek", map[Form]string{
			FormStock: "ΑΕ | Α Ε | AE | ανώνυμη εταιρεία | ανώνυμη εταιρία | ΑΒΕΕ | ABEE", FormLimited: "ΕΠΕ | EPE | εταιρεία περιορισμένης ευθύνης | ΙΚΕ | IKE | ιδιωτική κεφαλαιουχική εταιρεία | ΜΕΠΕ",
			FormPartnership: "ΟΕ | OE | ομόρρυθμη εταιρεία | ΕΕ | ετερόρρυθμη εταιρεία", FormAssociation: "ΑΜΚΕ | ΜΚΟ", FormAny: "εταιρεία | εταιρία",
		}},
		{"Turkish", map[Form]string{
			FormStock: "A Ş | AŞ | Anonim Şirketi | Anonim Ortaklığı | AO | T A Ş | TAŞ", FormLimited: "Ltd Şti | Limited Şirketi | Limited Şti | Tic Ltd Şti | San ve Tic Ltd Şti",
			FormPartnership: "Kollektif Şirketi | Koll Şti | Komandit Şirketi", FormCooperative: "Kooperatifi", FormAssociation: "Vakfı | Derneği",
			FormAny: "Şirketi | Şti | San ve Tic | Sanayi ve Ticaret | Sanayi Ticaret | San Tic | Ticaret | Sanayi | San ve Tic AŞ | Tic AŞ",
		}},
		{"Albanian", map[Form]string{FormStock: "Sh a | Sha | Shoqëri aksionare | Shoqëri anonime", FormLimited: "Sh p k | Shpk | Shoqëri me përgjegjësi të kufizuar", FormPartnership: "Sh k | Shk"}},
		{"Georgian, Armenian", map[Form]string{FormLimited: "შპს | ՍՊԸ", FormStock: "სს | ԲԲԸ | ՓԲԸ", FormSole: "ინდ მეწარმე | ԱՁ"}},
		{"Hebrew", map[Form]string{FormLimited: "בע״מ | בע\"מ | בעמ", FormAssociation: "ע״ר | עמותה | חל״צ", FormAny: "חברה | חברת"}},
		{"Arabic, Persian", map[Form]string{
			FormStock: "ش م ع | ش.م.ك | ش م ل | ش م م | شركة مساهمة | شركة مساهمة عامة | مساهمة | سهامی عام | سهامی خاص", FormLimited: "ذ م م | ذ.م.م | ش ذ م م | شركة ذات مسؤولية محدودة | المحدودة | محدودة | با مسئولیت محدود",
			FormPartnership: "شركة تضامن | توصية بسيطة", FormAny: "شركة | الشركة | شرکت | مؤسسة",
		}},
		{"Hindi, Bengali, Tamil", map[Form]string{FormLimited: "लिमिटेड | प्राइवेट लिमिटेड | प्रा लि | লিমিটেড | லிமிடெட்", FormAny: "कंपनी"}},
		{"Indonesian, Filipino", map[Form]string{FormStock: "PT Tbk | Tbk | Perseroan Terbatas Tbk", FormLimited: "PT | Perseroan Terbatas | PT PMA", FormPartnership: "CV | Firma | Persekutuan Komanditer", FormAny: "UD | Perum | Persero"}},
		{"Vietnamese", map[Form]string{
			FormStock: "CTCP | Công ty Cổ phần | Cty CP | Cổ phần", FormLimited: "TNHH | Công ty TNHH | Công ty Trách nhiệm hữu hạn | Cty TNHH | TNHH MTV | Công ty TNHH Một thành viên | MTV", FormSole: "DNTN", FormAny: "Công ty | Cty",
		}},
		{"Thai", map[Form]string{FormStock: "จำกัด มหาชน | มหาชน | บมจ", FormLimited: "บริษัท | จำกัด | บจก", FormPartnership: "หจก | ห้างหุ้นส่วนจำกัด"}},
		{"Amharic, Swahili, Afrikaans", map[Form]string{FormLimited: "ኃ የተ የግ ማህበር | Edms Bpk | BK", FormStock: "አ ማ", FormAny: "Kampuni"}},
	}
}

// denseForms are legal forms in scripts without spaces. They are taken off wherever they
// stand, so each is a word that no name is made of.
func denseForms() []formsOf {
	return []formsOf{
		{"Chinese", map[Form]string{
			FormStock:       "股份有限公司 | 股份公司 | 股份 | 集團股份有限公司",
			FormLimited:     "有限责任公司 | 有限責任公司 | 有限公司 | 責任有限公司 | 私人有限公司 | 有限",
			FormPartnership: "有限合伙 | 合伙企业 | 普通合伙 | 合夥",
			FormSole:        "个体工商户 | 個人獨資", FormAny: "公司 | 总公司 | 總公司 | 分公司 | 企业 | 企業",
		}},
		{"Japanese", map[Form]string{
			FormStock: "株式会社 | 株式會社 | (株)", FormLimited: "有限会社 | 合同会社 | (有) | (同)", FormPartnership: "合資会社 | 合名会社",
			FormAssociation: "一般社団法人 | 公益社団法人 | 一般財団法人 | 公益財団法人 | 特定非営利活動法人 | 社会福祉法人 | 医療法人 | 学校法人 | 独立行政法人", FormAny: "会社",
		}},
		{"Korean", map[Form]string{FormStock: "주식회사 | (주)", FormLimited: "유한회사 | 유한책임회사 | (유)", FormPartnership: "합자회사 | 합명회사", FormAssociation: "사단법인 | 재단법인 | 협동조합", FormAny: "회사"}},
	}
}

// formTable finds legal forms among parts.
type formTable struct {
	byFirst map[string][]legalForm // by the first word, the longest first
	byLast  map[string][]legalForm
	// Those from longForm letters on, by two letters that their first or last word begins
	// with: they are known misspelt, too, and must not be looked at for every name.
	longFirst, longLast map[[2]byte][]legalForm
}

func begin(word string) (b [2]byte) {
	copy(b[:], word)
	return b
}

// legalForm is one form as words that are folded.
type legalForm struct {
	words  []string
	key    string // with spaces
	joined string // without
	kind   Form
}

// legalForms is made once: folding some hundred texts takes a millisecond.
var legalForms = sync.OnceValue(func() *formTable {
	t := &formTable{
		byFirst: map[string][]legalForm{}, byLast: map[string][]legalForm{},
		longFirst: map[[2]byte][]legalForm{}, longLast: map[[2]byte][]legalForm{},
	}
	seen := map[string]Form{}
	for _, language := range alphabetForms() {
		for _, kind := range []Form{FormStock, FormLimited, FormPartnership, FormCooperative, FormAssociation, FormSole, FormAny} {
			for text := range strings.SplitSeq(language.forms[kind], "|") {
				t.add(strings.TrimSpace(text), kind, seen)
			}
		}
	}
	t.finish(seen)
	return t
})

// notFirst are forms that begin names of another kind: "Limited Run Games", "As Roma".
const notFirst = " inc incorporated corp corporation plc limited ltd company companies co lp gp charity mutual unlimited " +
	"cooperative me se sas sa da ad mb ky ay ry ev sf mo dd ac sl sp ua ba og bt rt np pk zs na ek nv bv ag kg eg ug " +
	"empresa enterprise firm limitada cooperativa zavod obrt ticaret sanayi companhia compania stiftelse mutualfund "

// longForm is the letters from which on a legal form is known by with a typing error in it.
const longForm = 12

func (t *formTable) add(text string, kind Form, seen map[string]Form) {
	var words []string
	for _, p := range joinLetters(split(prepare(text))) {
		words = append(words, p.folded)
	}
	if len(words) == 0 {
		return
	}
	key := strings.Join(words, " ")
	if before, ok := seen[key]; ok {
		if before != kind {
			seen[key] = FormAny
		}
		return
	}
	seen[key] = kind
	form := legalForm{words: words, key: key, joined: strings.Join(words, "")}
	t.byFirst[words[0]] = append(t.byFirst[words[0]], form)
	last := words[len(words)-1]
	t.byLast[last] = append(t.byLast[last], form)
	if len(form.joined) >= longForm {
		t.longFirst[begin(words[0])] = append(t.longFirst[begin(words[0])], form)
		t.longLast[begin(last)] = append(t.longLast[begin(last)], form)
	}
}

// finish sets the kinds, which a second language may have changed, and puts long forms
// first.
func (t *formTable) finish(seen map[string]Form) {
	set := func(forms []legalForm) {
		for i := range forms {
			forms[i].kind = seen[forms[i].key]
		}
		slices.SortStableFunc(forms, func(a, b legalForm) int { return len(b.joined) - len(a.joined) })
	}
	for _, lists := range []map[string][]legalForm{t.byFirst, t.byLast} {
		for _, forms := range lists {
			set(forms)
		}
	}
	for _, lists := range []map[[2]byte][]legalForm{t.longFirst, t.longLast} {
		for _, forms := range lists {
			set(forms)
		}
	}
}

// trailing finds the longest form that parts end with: its kind, and of how many parts it
// is; 0: none.
func (t *formTable) trailing(parts []part) (Form, int) {
	last := len(parts) - 1
	if parts[last].form != "" {
		return parts[last].form, 1
	}
	kind, size := t.misspelt(parts, false)
	for _, f := range t.byLast[parts[last].folded] {
		if n := len(f.words); n > size && n <= len(parts) && f.is(parts[len(parts)-n:]) {
			return f.kind, n
		}
	}
	return kind, size
}

// leading finds the longest form that parts begin with.
func (t *formTable) leading(parts []part) (Form, int) {
	first := parts[0]
	if first.form != "" {
		return first.form, 1
	}
	for _, f := range t.byFirst[first.folded] {
		if n := len(f.words); n <= len(parts) && f.is(parts[:n]) {
			dotted := first.end-first.start > len(first.raw)
			if n == 1 && !dotted && (len(first.folded) == 1 || strings.Contains(notFirst, " "+first.folded+" ")) {
				continue
			}
			return f.kind, n
		}
	}
	return t.misspelt(parts, true)
}

func (f legalForm) is(parts []part) bool {
	return slices.EqualFunc(f.words, parts, func(w string, p part) bool { return p.folded == w })
}

// misspelt finds a long form of one or more words with a letter or two wrong.
func (t *formTable) misspelt(parts []part, atStart bool) (Form, int) {
	long := t.longLast[begin(parts[len(parts)-1].folded)]
	if atStart {
		long = t.longFirst[begin(parts[0].folded)]
	}
	for _, f := range long {
		n := len(f.words)
		if n > len(parts) {
			continue
		}
		there := parts[len(parts)-n:]
		if atStart {
			there = parts[:n]
		}
		size := 0
		for _, p := range there {
			size += len(p.folded)
		}
		if d := size - len(f.joined); d < -1 || d > 1 {
			continue
		}
		if apart := f.distance(there); apart <= 2*len(f.joined)/longForm && apart <= 4 {
			return f.kind, n
		}
	}
	return "", 0
}

// distance adds up how the words differ, in half edits.
func (f legalForm) distance(parts []part) int {
	sum := 0
	for i, w := range f.words {
		if parts[i].folded != w {
			sum += editDistance(parts[i].folded, w, 4)
		}
	}
	return sum
}
