package match

import (
	"bytes"
	"strings"
)

// callNames are what people are called by, behind the name on their passport; only those
// whose letters do not give the name away. What may stand for several names is left out.
var callNames = callNamesOf(`
	robert bob bobby; william bill billy; richard dick; james jim jimmy; edward ted teddy ned;
	michael mike mick mickey mischa; anthony tony; charles chuck charly; henry hank; david dave;
	elizabeth liz lizzie beth betty betsy bess; margaret peggy meg maggie daisy; catherine kate
	katie kathy cathy katherine kitty; mary molly polly; sarah sally; susan sue suzie; deborah debbie;
	dorothy dot dottie; eleanor nell nellie ellie; theresa tess terri; virginia ginny; abigail gail;
	johannes hans hannes; friedrich fritz; josef sepp beppi; ulrich uli; georg schorsch; wolfgang wolle;
	dietrich dieter; heinrich heinz heiner; katharina kathi kati; margarete gretel grete; elisabeth lisl sissi;
	jose pepe ze; francisco paco pancho chico curro; ignacio nacho; enrique quique kike; dolores lola;
	concepcion concha conchita; jesus chucho; rosario charo; mercedes meche; guadalupe lupe; alberto beto;
	giuseppe peppe beppe pino; luigi gigi; salvatore toto; domenico mimmo; giovanni gianni nanni;
	guillaume guigui; bernadette dette; madeleine mado; georges jojo;
	aleksandr sasha sascha shura; mikhail misha; nikolai kolya; vladimir vova volodya; dmitri dima mitya;
	evgeni zhenya; ekaterina katya; natalia natasha; tatiana tanya; maria masha; anastasia nastya; ivan vanya;
	sergei seryozha serezha; aleksei alyosha lyosha; yuri yura; pavel pasha; lyudmila luda; lyubov lyuba;
	katarzyna kasia; malgorzata gosia; joanna asia; tomasz tomek; jakub kuba; wojciech wojtek; barbara basia;
	zofia zosia; krzysztof krzysiek; stanislaw staszek; jerzy jurek; wladyslaw wladek; tadeusz tadek;
	istvan pista; jozsef joska; erzsebet zsoka; laszlo laci; lars lasse; karl kalle; nils nisse; bengt bengan;
	jaroslav jarda; frantisek franta; vaclav vasek; jiri jirka; josip pepi; stjepan stipe; gheorghe gigel;
	konstantinos kostas; dimitrios mitsos; ioannis yannis giannis; evangelos vangelis; emmanouil manolis;
	cornelis kees; hendrik henk; jacobus koos; wilhelmus wim; petrus piet; gerardus geert
`)

// callNamesOf reads the full name and its call names, folded, up to each semicolon.
func callNamesOf(text string) map[string]string {
	names := make(map[string]string)
	for group := range strings.SplitSeq(text, ";") {
		words := strings.Fields(group)
		full := string(appendFolded(nil, words[0]))
		for _, call := range words[1:] {
			names[string(appendFolded(nil, call))] = full
		}
	}
	return names
}

// appendFirstNames folds first names, each as it is on the passport.
func appendFirstNames(dst []byte, s string) []byte {
	from := len(dst)
	dst = appendFolded(dst, s)
	called := false
	for word := range bytes.FieldsSeq(dst[from:]) {
		called = called || callNames[string(word)] != ""
	}
	if !called {
		return dst
	}
	words := bytes.Fields(bytes.Clone(dst[from:]))
	for i, word := range words {
		if full := callNames[string(word)]; full != "" {
			words[i] = []byte(full)
		}
	}
	return append(dst[:from], bytes.Join(words, []byte{' '})...)
}
