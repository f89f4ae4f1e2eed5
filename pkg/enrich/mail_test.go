package enrich_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/enrich"
)

func TestMails(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]enrich.Mail{
		" Jo.Smith+Demo@Weber-Bank.DE ": {Address: "jo.smith+demo@weber-bank.de", Domain: "weber-bank.de", Company: "weber-bank.de", Country: "DE"},
		"Jo Smith <jo@acme.co.uk>":      {Address: "jo@acme.co.uk", Domain: "acme.co.uk", Company: "acme.co.uk", Country: "GB"},
		"mailto:jo@sales.acme.co.uk.":   {Address: "jo@sales.acme.co.uk", Domain: "sales.acme.co.uk", Company: "acme.co.uk", Country: "GB"},
		"jo@GMAIL.com":                  {Address: "jo@gmail.com", Domain: "gmail.com", Free: true},
		"jo@web.de":                     {Address: "jo@web.de", Domain: "web.de", Free: true, Country: "DE"},
		"jo@mailinator.com":             {Address: "jo@mailinator.com", Domain: "mailinator.com", Free: true, Disposable: true},
		"jo@x.mailinator.com":           {Address: "jo@x.mailinator.com", Domain: "x.mailinator.com", Free: true, Disposable: true},
		"jo@münchen.de":                 {Address: "jo@xn--mnchen-3ya.de", Domain: "xn--mnchen-3ya.de", Company: "xn--mnchen-3ya.de", Country: "DE"},
		"用户@例え.jp":                      {Address: "用户@xn--r8jz45g.jp", Domain: "xn--r8jz45g.jp", Company: "xn--r8jz45g.jp", Country: "JP"},
		"ｊｏ＠ａｃｍｅ．ｊｐ":                    {Address: "jo@acme.jp", Domain: "acme.jp", Company: "acme.jp", Country: "JP"},
		"o'brien@startup.io":            {Address: "o'brien@startup.io", Domain: "startup.io", Company: "startup.io"},
		"jo@acme.ai":                    {Address: "jo@acme.ai", Domain: "acme.ai", Company: "acme.ai"},
	} {
		got, ok := enrich.ParseMail(text)
		require.True(t, ok, text)
		require.Equal(t, want, got, text)
	}
	for _, none := range []string{"", "@", "jo", "jo@", "@acme.com", "jo@acme", "a b@acme.com", "jo@acme..com", "jo@-acme.com", "a@b@acme.com", "jo@acme.com, eva@acme.com", "jo@ac_me.com"} {
		_, ok := enrich.ParseMail(none)
		require.False(t, ok, none)
	}
}

// TestLargeProviders: where most people have their private mail, the world over.
func TestLargeProviders(t *testing.T) {
	t.Parallel()
	for _, domain := range []string{
		"gmail.com", "outlook.com", "hotmail.fr", "yahoo.co.jp", "icloud.com", "proton.me", "gmx.net", "gmx.at", "t-online.de", "orange.fr",
		"laposte.net", "libero.it", "mail.ru", "yandex.ru", "qq.com", "163.com", "naver.com", "daum.net", "rediffmail.com", "wp.pl",
		"onet.pl", "seznam.cz", "freemail.hu", "abv.bg", "ukr.net", "uol.com.br", "bluewin.ch", "telenet.be", "docomo.ne.jp", "walla.co.il",
	} {
		m, ok := enrich.ParseMail("jo@" + domain)
		require.True(t, ok && m.Free && m.Company == "", domain)
	}
	for _, domain := range []string{"siemens.com", "microsoft.com", "toyota.co.jp", "bbc.co.uk", "facebook.com", "sap.com"} {
		m, ok := enrich.ParseMail("jo@" + domain)
		require.True(t, ok && !m.Free && m.Company != "", domain)
	}
}

func FuzzMail(f *testing.F) {
	for _, text := range []string{"jo@acme.com", "<a@b.de>", "mailto:x@y.z", "ｊｏ＠ａｃｍｅ．ｊｐ", "a@ß.de", "@", "a@b.\u200dc"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, ok := enrich.ParseMail(text)
		if !ok {
			require.Empty(t, m)
			return
		}
		again, ok := enrich.ParseMail(m.Address)
		require.True(t, ok, m.Address)
		require.Equal(t, m, again, "the normal form is its own")
	})
}
