package match

import (
	"cmp"
	"strconv"
	"strings"
	"sync"
)

// Weights of words, 0 … 100: how much one says about who a company is.
const (
	weightName     = 100
	weightShort    = 85 // a name of three letters: others have the same
	weightTiny     = 65 // of one or two
	weightIndustry = 50
	weightNumber   = 60
	weightGeneral  = 15
	weightPlace    = 15
)

// linking are words that join others and say nothing.
const linking = " and und et e y i og och ja en kai ve u und the der die das le la les el los las il lo gli of de du del della des di do da dos von van voor for fur pour para per by at dla og "

// generalWords can be added to most names without meaning another company. Each line is one
// word in its many spellings; the first is what all of them are taken for.
const generalWords = `
group gruppe groupe grupo gruppo groep grupa gruppen konzern holding holdings группа групп группы группа_компаний гк холдинг 集团 集團 グループ 그룹 控股 ホールディングス 홀딩스 持株 مجموعة กลุ่ม όμιλος csoport skupina koncern koncernen grup
international internationale internacional internazionale intl int'l internat 国际 國際 インターナショナル 인터내셔널 международный международная международное uluslararası nemzetközi mezinárodní międzynarodowy الدولية
global globale globales worldwide
enterprises enterprise entreprises unternehmen unternehmensgruppe
technologies technology tech technologie tecnologia tecnologias teknoloji teknologi technologia 技术 技術 科技 テクノロジー テクノロジーズ 테크놀로지 기술 технологии технология
services service servicios servizi services dienstleistungen serviços услуги сервис 服务 サービス 서비스 hizmetleri
communications communication
platforms platform
online internet web digital 在线 网络 信息 インターネット オンライン
partners partner associates sons brothers bros söhne gebrüder gebr hermanos hnos fils frères zonen сыновья 
ventures venture
official hq headquarters head_office hauptsitz
com
`

// industryWords tell companies of one name apart, but not much on their own.
const industryWords = `
bank banque banco banca banka bankas банк 银行 銀行 은행 بنك ธนาคาร τράπεζα
insurance versicherung versicherungen assurance assurances assicurazioni seguros forsikring försäkring sigorta страхование страховая 保险 保險 保険 보험 تأمين
trust
fund funds fonds fondo фонд 基金 펀드
foundation stiftung fondation fundación fondazione фундация 财团
capital
finance financial finanz finances finanzas 金融 금융 финанс
systems system systeme systèmes sistemas sistemi システム 시스템 系统 系統 системы система sistemleri
solutions solution lösungen soluciones soluzioni soluções ソリューション ソリューションズ 솔루션 решения çözümleri
software
industries industry industrie industrien industrias industria 工业 工業 实业 實業 産業 산업 промышленность endüstri
electronics electronic elektronik électronique electrónica elettronica 电子 電子 전자 エレクトロニクス электроника
electric elektro electrique eléctrica 电气 電気 電機 전기
motor motors automotive automobile automobiles auto 汽车 汽車 自動車 자동차 авто
trading trade handel handels comercial commercial commerce 贸易 貿易 商事 무역 торговля торговый
import export
logistics logistik logistique logística logistica 物流 물류 логистика lojistik
transport transports transporte spedition 运输
construction bau constructions construcciones costruzioni inşaat 建设 建設 건설 строительство строй budowa
engineering ingenieurbüro ingeniería ingénierie 工程 エンジニアリング 엔지니어링 инжиниринг mühendislik
energy energie energía energia enerji 能源 エネルギー 에너지 энерго энергия
power
oil
gas
petroleum petrol 石油 석유
chemicals chemical chemie chimie química chimica 化学 化學 화학 химия kimya
pharma pharmaceuticals pharmaceutical pharmazeutika pharmaceutique farmacéutica 制药 製薬 제약 фарма
medical medizin medizintechnik médico 医疗 医療 의료
health healthcare gesundheit santé salud saúde salute 健康
hospital krankenhaus klinik klinikum clinic clinique clínica 医院 病院 병원 больница
university universität université universidad università universidade universiteit 大学 大學 대학교 университет üniversitesi
school schule école escuela scuola 学校 학교 школа
hotel hotels 酒店 ホテル 호텔 отель
restaurant restaurants restaurante
foods food lebensmittel alimentos alimentaire 食品 식품 gıda продукты
media medien medios メディア 미디어 медиа
telecom telecommunications telekom telecomunicaciones 电信 通信 통신 телеком
airlines airline airways aviation 航空 항공 авиа
steel stahl acier acero 钢铁 製鉄 제철 сталь
metal metall metals
mining bergbau
consulting beratung consultancy consultants conseil consultoría consulenza 咨询 コンサルティング 컨설팅 консалтинг danışmanlık
management
marketing
advertising werbung publicité
design
studio studios
development développement entwicklung
research forschung 研究所 研究院
institute institut instituto istituto институт
center centre zentrum centro центр 中心 センター 센터
plant factory fabrik werk werke завод fabrika usine
works manufacturing 制造 製造 製作所 제조
real_estate immobilien immobilier inmobiliaria immobiliare 房地产 不動産 부동산 недвижимость emlak
properties property
investment investments invest inversiones 投资 投資 투자 инвест yatırım
store stores shop 商店 магазин
home
security sicherheit
data
cloud
network networks
labs lab laboratories laboratory labor
products
machinery maschinenbau machines 机械 機械 기계
textile textil textiles tekstil
paper
plastics
heavy 重工 중공업
shipping 海运 海運 해운
coffee コーヒー 咖啡 커피
`

// places are countries and regions; a branch is still the same company.
const places = `
usa us america north_america 美国 アメリカ 미국 америка сша
americas
europe europa emea eu ヨーロッパ 유럽 欧洲 европа
asia apac asien アジア 아시아 亚洲 азия
africa afrika áfrica
latam
germany deutschland allemagne alemania germania 德国 ドイツ 독일 германия niemcy almanya
austria österreich autriche
switzerland schweiz suisse svizzera suiza
france frankreich francia 法国 フランス 프랑스 франция fransa
italy italia italien italie
spain españa spanien espagne
portugal
netherlands nederland niederlande holland
belgium belgique belgië belgien
uk united_kingdom gb great_britain britain england 英国 イギリス 영국
ireland irland éire
poland polska polen pologne польша
czech česko czechia ceska
slovakia slovensko
hungary magyarország hungaria ungarn
romania românia
bulgaria българия
greece hellas ελλάδα
turkey türkiye turkiye
russia россия rus рус 俄罗斯 ロシア 러시아
ukraine україна украина
denmark danmark
norway norge
sweden sverige schweden
finland suomi finnland
china 中国 中國 중국 китай
japan ジャパン 日本 재팬 일본 япония
korea 코리아 한국 韩国 韓国
india भारत 印度 インド индия
indonesia
singapore 新加坡 シンガポール
malaysia
thailand ประเทศไทย
vietnam việt_nam
philippines
taiwan 台湾 臺灣
hong_kong hongkong hk 香港
australia オーストラリア
canada kanada
mexico méxico
brazil brasil brasilien
argentina
chile
colombia
peru perú
south_africa
israel ישראל
uae emirates
saudi ksa
egypt مصر
beijing 北京
shanghai 上海
shenzhen 深圳
guangzhou 广州
tokyo 東京
seoul 서울
north nord norte
south süd sud sur
east ost est este
west
`

// numberWords are numbers written out, in the order of the digits that they mean.
const numberWords = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"

// meaning is what a word of business is taken for.
type meaning struct {
	text   string
	weight uint8
	form   Form // of a legal form; the word is none of the name
}

// vocabulary is what is known of words.
type vocabulary struct {
	folded map[string]meaning // lower-case ASCII
	dense  map[string]meaning // in scripts without spaces, as written
	// longest is the runes of the longest key of dense.
	longest int
	linking map[string]bool
}

var words = sync.OnceValue(func() *vocabulary {
	v := &vocabulary{folded: map[string]meaning{}, dense: map[string]meaning{}, linking: map[string]bool{}}
	for w := range strings.FieldsSeq(linking) {
		v.linking[w] = true
	}
	v.add(generalWords, weightGeneral)
	v.add(industryWords, weightIndustry)
	v.add(places, weightPlace)
	for _, language := range denseForms() {
		for kind, forms := range language.forms {
			for f := range strings.SplitSeq(forms, "|") {
				v.addDense(strings.Trim(strings.TrimSpace(f), "()"), meaning{form: kind})
			}
		}
	}
	for i, w := range strings.Fields(numberWords) {
		v.folded[w] = meaning{text: strconv.Itoa(i), weight: weightNumber}
	}
	for i, w := range strings.Fields("twenty thirty forty fifty sixty seventy eighty ninety") {
		v.folded[w] = meaning{text: strconv.Itoa(20 + 10*i), weight: weightNumber}
	}
	for i, w := range strings.Fields("first second third fourth fifth sixth seventh eighth ninth tenth") {
		v.folded[w] = meaning{text: strconv.Itoa(i + 1), weight: weightNumber}
	}
	for i, w := range strings.Fields("1st 2nd 3rd 4th 5th 6th 7th 8th 9th 10th") {
		v.folded[w] = meaning{text: strconv.Itoa(i + 1), weight: weightNumber}
	}
	return v
})

// add takes lines of words that mean the same.
func (v *vocabulary) add(lines string, weight uint8) {
	for line := range strings.Lines(strings.TrimSpace(lines)) {
		var first string
		for text := range strings.FieldsSeq(line) {
			text = strings.ReplaceAll(text, "_", "")
			folded := fold(prepare(text))
			if first == "" {
				first = folded
			}
			m := meaning{text: first, weight: weight}
			if scriptOf(rune1(text)).dense() {
				v.addDense(text, m)
			} else if _, known := v.folded[folded]; !known {
				v.folded[folded] = m
			}
		}
	}
}

func (v *vocabulary) addDense(text string, m meaning) {
	if _, known := v.dense[text]; known || text == "" {
		return
	}
	v.dense[text] = m
	v.longest = max(v.longest, len([]rune(text)))
}

// appendDense takes a run in a script without spaces apart: at each place the longest word
// that is known, and what lies between.
func appendDense(parts []part, s string, start, end int) []part {
	v := words()
	var at [64]int // where runes begin
	begins := at[:0]
	for i := range s[start:end] {
		begins = append(begins, start+i)
	}
	begins = append(begins, end)
	last := 0
	for i := 0; i < len(begins)-1; {
		m, n := v.longestAt(s, begins, i)
		if n == 0 {
			i++
			continue
		}
		parts = appendUnknown(parts, s, begins[last], begins[i])
		text := s[begins[i]:begins[i+n]]
		parts = append(parts, part{raw: text, folded: cmp.Or(m.text, fold(text)), start: begins[i], end: begins[i+n], dense: true, form: m.form})
		i += n
		last = i
	}
	return appendUnknown(parts, s, begins[last], end)
}

func (v *vocabulary) longestAt(s string, begins []int, i int) (meaning, int) {
	for n := min(v.longest, len(begins)-1-i); n > 0; n-- {
		if m, ok := v.dense[s[begins[i]:begins[i+n]]]; ok {
			return m, n
		}
	}
	return meaning{}, 0
}

func appendUnknown(parts []part, s string, start, end int) []part {
	folded := ""
	if start < end {
		folded = fold(s[start:end])
	}
	if folded == "" {
		return parts
	}
	return append(parts, part{raw: s[start:end], folded: folded, start: start, end: end, foreign: true, dense: true})
}
