package match

import (
	"bytes"
	"strings"
)

// addressKind is what an e-mail address says about who reads it.
type addressKind byte

const (
	ordinary addressKind = iota
	shared               // info@, sales@: whoever is on duty
	own                  // it holds the person's name
)

// address is an e-mail address in its normal form.
type address struct{ local, domain string }

// addressOf normalises an address: case, what follows a plus, and the dots that Google does
// not look at. Text that is no address gives false.
func addressOf(text string) (address, bool) {
	if len(text) > 2*maxText {
		return address{}, false
	}
	text = strings.ToLower(strings.TrimSpace(text))
	at := strings.LastIndexByte(text, '@')
	if at <= 0 || at == len(text)-1 {
		return address{}, false
	}
	a := address{text[:at], strings.TrimSuffix(text[at+1:], ".")}
	if plus := strings.IndexByte(a.local, '+'); plus > 0 {
		a.local = a.local[:plus]
	}
	if a.domain == "googlemail.com" {
		a.domain = "gmail.com"
	}
	if a.domain == "gmail.com" {
		a.local = strings.ReplaceAll(a.local, ".", "")
	}
	return a, a.local != ""
}

// kind of the address for a person of these names.
func (a address) kind(names ...[]byte) addressKind {
	if isShared(a.local) {
		return shared
	}
	local := bytes.ReplaceAll(appendFolded(nil, a.local), []byte{' '}, nil)
	for _, name := range names {
		if len(name) > 2 && bytes.Contains(local, name) {
			return own
		}
	}
	return ordinary
}

// isShared tells whether several people read a mailbox, by its name: as it is, or by the
// first word of info.de, sales-emea, support2.
func isShared(local string) bool {
	if sharedMailboxes[local] {
		return true
	}
	word := strings.TrimRight(local, "0123456789")
	if end := strings.IndexAny(word, ".-_"); end > 0 {
		word = word[:end]
	}
	return sharedMailboxes[word]
}

// sharedMailboxes in the languages that companies name them in, transcribed where an address
// has to be. Words that are also somebody's name are left out.
var sharedMailboxes = wordSet(`
	admin administration administrator abuse accounting accounts billing booking
	bookings business career careers company contact contacts contactus customer
	customercare customers customerservice donotreply ecommerce education email enquiries
	enquiry events feedback finance frontdesk general hello help helpdesk hi hostmaster
	hotline hr info infodesk infos information inquiries inquiry invoice invoices it jobs
	legal logistics mail mailbox management marketing media membership newsletter noreply
	no-reply office operations order orders partner partners payments payroll postmaster
	pr press privacy procurement projects purchase purchasing reception recruiting recruitment
	reservation reservations root sales school secretary security service services shipping shop
	staff store subscribe support team tech techsupport tickets tourism training travel
	asdf dummy example na nomail none nospam noemail sample spam test tester testing unknown
	unsubscribe vendor warehouse webmaster website welcome
	anfrage anfragen bestellung bestellungen bewerbung bewerbungen buchhaltung buero buro
	einkauf empfang geschaeftsleitung kanzlei kasse kontakt kundenservice kundendienst leitung
	personal post praxis presse rechnung rechnungen redaktion sekretariat technik termine
	verkauf vertrieb verwaltung vorstand werkstatt zentrale
	accueil achat achats administratif bonjour bureau client clients commande commandes
	commercial comptabilite compta courrier devis direction facturation mairie
	recrutement rh secretariat service-client vente ventes
	administracion atencion atencioncliente cliente clientes cobros comercial compras consultas
	contabilidad contacto correo empleo facturacion gerencia informacion oficina pedidos prensa
	proveedores recepcion reservas rrhh soporte tienda ventas
	atendimento cobranca comunicacao contabilidade contato encomendas faturamento
	financeiro geral loja orcamento orcamentos recepcao sac secretaria suporte vendas
	acquisti amministrazione assistenza commerciale contabilita contatti fatture fatturazione
	negozio ordini prenotazioni segreteria ufficio vendite
	administratie bestelling bestellingen boekhouding facturen inkoop inschrijving klantenservice
	receptie verkoop verhuur werkplaats winkel
	biuro bok faktury handlowy kadry ksiegowosc oferty praca rekrutacja serwis sklep sprzedaz
	zakupy zamowienia
	fakturace kancelar nakup objednavky obchod podatelna podpora poptavka prodej prodejna
	recepce servis ucetni ucto uctovnictvo
	asiakaspalvelu bestallning bogholderi bokning ekonomi faktura firmapost forsaljning
	inkop kansli kontor kundeservice kundservice kundtjanst laskutus myynti ordre
	postmottak regnskab regnskap resepsjon salg tilaukset tilbud toimisto
	ertekesites iroda penzugy rendeles szamlazas titkarsag ugyfelszolgalat
	achizitii birou comenzi contabilitate facturare rezervari vanzari
	prodaja nabava racunovodstvo uprava tajnistvo narudzbe
	bilgi destek iletisim insankaynaklari muhasebe rezervasyon satis satinalma siparis
	buh buhgalter kontakty otdel prodazhi priemnaya sbyt snab zakaz zakupki zayavka
	logistirio poliseis grammateia
	eigyo jinji keiri otoiawase soumu toiawase uketsuke
	kefu shichang xiaoshou yewu
	gogaek yeongeop
	mabiat mubiaat istifsar khidma
`)

// wordSet of the words of a text.
func wordSet(text string) map[string]bool {
	set := make(map[string]bool)
	for word := range strings.FieldsSeq(text) {
		set[word] = true
	}
	return set
}
