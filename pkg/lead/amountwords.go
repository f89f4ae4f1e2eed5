package lead

import (
	"golang.org/x/text/currency"
	"golang.org/x/text/language"
)

// amountWord is what a word beside a number says; the zero value: nothing.
type amountWord struct {
	exponent   int // of ten
	currencies []string
}

// wordOf knows the words of amounts, in small letters.
func wordOf(word string) (amountWord, bool) {
	if n := exponentOf(word); n > 0 {
		return amountWord{exponent: n}, true
	}
	if list := currenciesOf(word); list != nil {
		return amountWord{currencies: list}, true
	}
	switch word {
	case "teur", "keur":
		return amountWord{exponent: 3, currencies: []string{"EUR"}}, true
	case "meur", "mioeur":
		return amountWord{exponent: 6, currencies: []string{"EUR"}}, true
	case "tkr":
		return amountWord{exponent: 3, currencies: []string{"", "SEK", "NOK", "DKK", "ISK"}}, true
	case "mkr":
		return amountWord{exponent: 6, currencies: []string{"", "SEK", "NOK", "DKK", "ISK"}}, true
	case "ca", "circa", "approx", "approximately", "about", "around", "roughly", "ungefahr", "ungefähr", "etwa", "rund", "environ",
		"cerca", "aprox", "aproximadamente", "okolo", "około", "около", "примерно", "約", "大约", "约", "약", "over", "more", "than",
		"at", "least", "from", "of", "de", "di", "ab", "über", "mehr", "als", "mindestens", "plus", "employees", "employee", "people", "staff",
		"mitarbeiter", "mitarbeitende", "salariés", "employés", "empleados", "dipendenti", "funcionários", "medewerkers",
		"pracowników", "сотрудников", "人", "名", "명":
		return amountWord{}, true
	}
	return amountWord{}, false
}

// exponentOf is the power of ten of a number's word; 0: it is none.
func exponentOf(word string) int {
	switch word {
	case "k", "tsd", "tausend", "thousand", "thousands", "mille", "mil", "mila", "miles", "tys", "tysięcy", "tysiące", "tis", "tisíc",
		"tusen", "tusind", "tuhat", "tuhatta", "ezer", "mie", "mii", "bin", "χιλιάδες", "тыс", "тысяч", "тысячи", "тис", "тисяч",
		"хил", "אלף", "אלפים", "الف", "ألف", "آلاف", "nghìn", "ngàn", "ribu", "rb", "หมื่นพัน", "พัน", "千", "천", "हज़ार", "हजार":
		return 3
	case "万", "萬", "만", "หมื่น":
		return 4
	case "lakh", "lakhs", "lac", "lacs", "लाख":
		return 5
	case "m", "mm", "mn", "mio", "mill", "million", "millions", "millionen", "million(s)", "millón", "millon", "millones", "milione",
		"milioni", "milhão", "milhao", "milhões", "milhoes", "miljoen", "mln", "milion", "miliony", "milionów", "milión", "milionů",
		"miljon", "miljoner", "millioner", "miljoona", "miljoonaa", "milj", "millió", "milioane", "milyon", "εκατομμύρια", "εκ", "млн",
		"миллион", "миллиона", "миллионов", "мільйон", "мільйонів", "милиона", "מיליון", "مليون", "triệu", "juta", "ล้าน", "百万", "백만":
		return 6
	case "crore", "crores", "cr", "करोड़", "千万", "천만":
		return 7
	case "億", "亿", "억":
		return 8
	case "b", "bn", "bln", "billion", "billions", "mrd", "milliarde", "milliarden", "milliard", "milliards", "miliardo", "miliardi",
		"mld", "miliard", "miliardy", "miljard", "miljarder", "milliarder", "miljardi", "milliárd", "miliarde", "milyar", "млрд",
		"миллиард", "миллиарда", "миллиардов", "мільярд", "מיליארד", "مليار", "tỷ", "miliar", "十億", "十亿", "십억":
		return 9
	}
	return 0
}

// dollarsOf is what a word with a dollar sign can stand for; nil: nothing.
func dollarsOf(word string) []string {
	switch word {
	case "$", "dollar", "dollars", "dólares":
		return []string{
			"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "ARS", "CLP", "COP", "UYU", "BSD", "BBD", "BZD", "BMD", "JMD",
			"TTD", "XCD", "FJD", "NAD", "LRD", "GYD", "SRD", "KYD", "BND", "DOP", "SBD",
		}
	case "us$", "usd$":
		return []string{"USD"}
	case "ca$", "c$", "cdn$", "can$":
		return []string{"CAD"}
	case "a$", "au$":
		return []string{"AUD"}
	case "nz$":
		return []string{"NZD"}
	case "s$", "sg$":
		return []string{"SGD"}
	case "hk$":
		return []string{"HKD"}
	case "nt$":
		return []string{"TWD"}
	case "mx$", "mex$":
		return []string{"MXN"}
	}
	return nil
}

// currenciesOf is what a sign or name of a currency can stand for; nil: it is none.
func currenciesOf(word string) []string {
	if list := dollarsOf(word); list != nil {
		return list
	}
	switch word {
	case "r$", "reais", "real":
		return []string{"BRL"}
	case "€", "euro", "euros", "eur", "евро", "ευρώ", "欧元", "ユーロ", "유로", "يورو":
		return []string{"EUR"}
	case "£", "pound", "pounds", "quid":
		return []string{"GBP", "EGP", "LBP", "GIP", "FKP", "SHP", "SYP"}
	case "¥", "yen", "円", "元", "人民币", "圆":
		return signOfYen(word)
	case "rmb":
		return []string{"CNY"}
	case "₹", "rs", "rupees", "रुपये", "₨":
		return []string{"INR", "PKR", "LKR", "NPR", "MUR", "SCR"}
	case "kr", "kronor", "kroner", "krona", "krone", "krónur":
		return []string{"", "SEK", "NOK", "DKK", "ISK"}
	case "fr", "sfr", "franken", "francs":
		return []string{"CHF"}
	case "zł", "zl", "złotych", "złoty":
		return []string{"PLN"}
	case "kč", "korun":
		return []string{"CZK"}
	case "ft", "forint":
		return []string{"HUF"}
	case "lei", "leu":
		return []string{"RON", "MDL"}
	case "₽", "руб", "рублей", "рубля", "р":
		return []string{"RUB"}
	case "₴", "грн", "гривень":
		return []string{"UAH"}
	case "лв", "лева":
		return []string{"BGN"}
	case "₺", "tl", "lira":
		return []string{"TRY"}
	case "₪", "שח", "nis":
		return []string{"ILS"}
	case "₩", "원":
		return []string{"KRW"}
	case "฿", "บาท", "baht":
		return []string{"THB"}
	case "₫", "đ", "đồng":
		return []string{"VND"}
	case "₦", "naira":
		return []string{"NGN"}
	case "₱", "peso":
		return []string{"PHP"}
	case "rp", "rupiah":
		return []string{"IDR"}
	case "rm", "ringgit":
		return []string{"MYR"}
	case "درهم", "aed", "dhs", "dirham":
		return []string{"AED", "MAD"}
	case "ريال", "riyal":
		return []string{"SAR", "QAR", "OMR"}
	}
	return isoCurrency(word)
}

func signOfYen(word string) []string {
	switch word {
	case "yen", "円":
		return []string{"JPY"}
	case "元", "人民币":
		return []string{"CNY", "TWD", "HKD"}
	}
	return []string{"", "JPY", "CNY"}
}

// isoCurrency is a currency by its code.
func isoCurrency(word string) []string {
	if len(word) != 3 {
		return nil
	}
	unit, err := currency.ParseISO(word)
	if err != nil {
		return nil
	}
	return []string{unit.String()}
}

// currencyOf is what a country pays with; empty: not known.
func currencyOf(country string) string {
	home, err := language.ParseRegion(country)
	if err != nil {
		return ""
	}
	unit, ok := currency.FromRegion(home)
	if !ok {
		return ""
	}
	return unit.String()
}
