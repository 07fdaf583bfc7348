// Package api measures how many requests a gateway answers, beside a bare handler of
// fiber and pgx that does the same in the database, in the same run.
//
//	bench ──16 connections──▶ carillon gateway ──▶ Postgres
//	bench ──16 connections──▶ bare handler     ──▶ Postgres
//
// Gateway, bare handler, NATS server and Postgres are processes of their own. The two
// are asked in turns, so that a busy machine is as busy for both. The bare handler has
// no keys, no namespaces, no validation and no OpenAPI document: it reads the same row
// and sends it as it is stored, or writes the same four rows in one trip.
package api
