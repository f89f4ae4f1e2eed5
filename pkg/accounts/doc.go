// Package accounts finds the account of a lead among those that the CRM has published.
//
//	account.changed ──Follower──▶ Index ◀──Match── lead
//	                                │ by id: the sender has said it
//	                                │ by domain: of the site, else of the e-mail address
//	                                │ by name: the same but for spelling and legal form
//	                                │ by similar name: rare words, misspelt ones, initials
//	                                ▼
//	                   account with its owner, the owner of its parents, its group
//
// Names are looked for in the lead's country. Where several accounts are as good, or a name
// is alike and no more, the match is doubtful: a person decides. Whatever is found says how,
// how sure, and from which record.
package accounts
