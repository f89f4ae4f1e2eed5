// Package geoip looks up where an IP address is, in a file of the MaxMind format that the
// user has (GeoLite2 City or Country, GeoIP2, DB-IP and others).
//
//	file ──Open──► DB ──Locate(address)──► enrich.Place: country, region, time zone
//
// The file is mapped into memory and never changes while it is open: a new one counts from
// the next start. Addresses are looked up and forgotten.
package geoip
