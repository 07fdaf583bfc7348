// Package carillon is the vocabulary that every service shares: jobs, queues,
// runs, and the policies between them.
//
// A [Document] is what a person writes: a schedule, a target, policies. Stored,
// it becomes a [Job]: it has an id, a revision that counts its changes, and the
// instant from which that revision holds. Each nominal fire time of a job, and
// each manual trigger, becomes one run, which ends in exactly one final [State].
//
//	            ┌─────────┐      ┌─────────┐      ┌──────────┐
//	planned ──▶ │ queued  │ ───▶ │ running │ ◀──▶ │ retrying │
//	            └─────────┘      └─────────┘      └──────────┘
//	                 │                │                 │
//	                 ▼                ▼                 ▼
//	   cancelled, expired, lost   succeeded, failed, cancelled, lost
//
//	decided against, never called: skipped, missed
//
// Ids are the backbone of the promises. The id of a run is a pure function of
// the job and the fire time ([NewRunID]), so that a run planned, delivered or
// recorded again is recognised as the same run by everybody, with no lookup.
//
// The package holds data and validation only: no client, no logger, no clock.
package carillon
