package match

import (
	"bytes"
	"strings"
)

// setAddress takes in the e-mail address.
func (t *texts) setAddress(text string) {
	a, ok := addressOf(text)
	if !ok {
		return
	}
	t.mail = a
	whole := []byte(a.local + "@" + a.domain)
	t.field[email] = whole[:min(len(whole), maxText)]
	switch {
	case isShared(a.local):
		t.address = shared
	case t.named(a.local):
		t.address = own
	}
}

// named tells whether the local part of an address holds the person's first or last name.
func (t *texts) named(local string) bool {
	text := bytes.ReplaceAll(fold(nil, local), []byte{' '}, nil)
	for _, name := range [][]byte{t.first, t.last} {
		if len(name) >= 3 && bytes.Contains(text, name) {
			return true
		}
	}
	return false
}

// sharedNames are mailboxes that several people read, in the languages that companies name
// them in.
var sharedNames = func() map[string]bool {
	names := map[string]bool{}
	for _, n := range strings.Fields(`
		info information infos contact contacts hello hi mail email office team admin administrator
		sales support service services help helpdesk marketing press media pr hr jobs career careers
		recruiting billing accounting accounts invoice invoices finance orders order booking bookings
		reservations reservation reception webmaster postmaster hostmaster noreply no-reply donotreply
		enquiries enquiry inquiries inquiry general newsletter feedback legal privacy security
		purchasing procurement shop store export import logistics management secretary welcome
		customerservice customercare customer
		kontakt verkauf vertrieb buero buro zentrale einkauf buchhaltung rechnung rechnungen bestellung
		bestellungen anfrage anfragen empfang bewerbung personal presse sekretariat verwaltung post kundenservice
		kundendienst technik leitung geschaeftsleitung
		contacto ventas compras administracion facturacion informacion oficina recepcion atencioncliente
		comercial pedidos rrhh gerencia
		contato vendas compras faturamento financeiro atendimento comercial geral
		accueil ventes commercial direction comptabilite secretariat achats service-client recrutement bonjour
		contatti vendite commerciale amministrazione acquisti segreteria ufficio ordini fatture
		verkoop inkoop administratie boekhouding receptie klantenservice
		biuro sprzedaz sekretariat kontakty handlowy zamowienia ksiegowosc
		obchod prodej objednavky fakturace info-cz sekretariat podatelna
		salg ordre regnskab bogholderi post firmapost forsaljning ekonomi kundtjanst myynti toimisto asiakaspalvelu
		ertekesites iroda titkarsag penzugy rendeles
		vanzari comenzi secretariat birou
		satis bilgi iletisim muhasebe destek
		zakaz sbyt prodazhi buh priemnaya
		eigyo toiawase soumu`) {
		names[n] = true
	}
	return names
}()

// isShared tells whether a mailbox is one of several people, by its name.
func isShared(local string) bool {
	if sharedNames[local] {
		return true
	}
	// info.de, sales-emea, support2: the first word tells.
	word := strings.TrimRight(local, "0123456789")
	if i := strings.IndexAny(word, ".-_"); i > 0 {
		word = word[:i]
	}
	return sharedNames[word]
}
