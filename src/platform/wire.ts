/**
 * The platform's HTTP API as JSON: the only types that the client and the sandbox share. Times are ISO 8601 in UTC.
 * Source: its public pages and client; what is assumed is written down in `schemas/platform.openapi.yaml`.
 */

export interface WireKey {
  id: string
  name: string
  description?: string | null
  masked_key: string
  environment?: string | null
  /** `"*"` or project names. */
  scope: '*' | string[]
  /** Names, or `["*"]`. */
  permissions: string[]
  created_at: string
  regenerated_at?: string | null
  /** Null: never. */
  expires_at: string | null
  /** Null: never used; absent: unknown. */
  last_used_at?: string | null
  last_used?: { ip?: string | null; location?: string | null; user_agent?: string | null } | null
  status: 'active' | 'expired' | 'revoked'
  version?: string | number
}

/** The bodies of POST /api/api-keys; PATCH takes the same but `environment` and `project_id`. */
export interface WireKeyFields {
  name?: string
  description?: string
  scope?: '*' | string[]
  /** What the platform's own client sends: one project by id or name. */
  project_id?: string
  permissions?: string[]
  expires_at?: string | null
  /** Seconds; null: never. */
  expires_in?: number | null
  environment?: string
}

export interface WireKeyList {
  api_keys: WireKey[]
  next_cursor: string | null
}

/** The answer to create and regenerate: the only place where a secret ever appears. */
export interface WireIssued {
  api_key: WireKey
  key: string
}

export interface WireWhoami {
  account: string
  organizations?: string[]
  api_key?: WireKey | null
}

export interface WireProject {
  id?: string
  project_id?: string
  name?: string
  project_name?: string
  status?: string
}

export interface WireUsage {
  total: number
  /** Keys are days: `2026-01-31`. */
  by_day: Record<string, number>
  by_operation: Record<string, number>
  by_project: Record<string, number>
  by_operation_and_project?: Record<string, Record<string, number>>
  addresses?: { ip: string; requests: number }[]
}
