// Package trust says how connections to Kafka and Redis are encrypted, and puts into
// words why one was refused.
//
//	files ──► TLS.Config ──► *tls.Config ──► dial ──✗──► Reason: what is wrong, in a sentence
//
// Whom we trust: the authorities of CAFile, or the system's. Who we are: the certificate
// of CertFile, read again with each connection, so that one that is renewed in time takes
// effect without a restart.
package trust
