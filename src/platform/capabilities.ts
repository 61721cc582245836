/** What people do with keys, in the order of the table in docs/platform.md. */
export const features = [
  'plan',
  'create',
  'update',
  'adopt',
  'rotate',
  'rotate in place',
  'heal',
  'revoke',
  'prune',
  'audit',
  'apikeys',
] as const

export type Feature = (typeof features)[number]

/** How a feature works where something is missing, if it is not just as usual. */
interface Effect {
  /** `held`: until somebody lets it happen in one run. */
  readonly works: 'otherwise' | 'held' | 'no'
  readonly how: string
}

/** A call, a header or a field that a platform may lack. */
export interface Capability {
  /** As people know it: `GET /api/auth/whoami`. */
  readonly name: string
  /** Features that are not here work as usual. */
  readonly effects: Partial<Record<Feature, Effect>>
}

const otherwise = (how: string): Effect => ({ works: 'otherwise', how })
const no = (how: string): Effect => ({ works: 'no', how })

const unmanageable = no(
  'Nothing can be managed: the state of a key is in its description, and PATCH writes it. One error says so before a key is made.',
)

const nothingManaged: Capability['effects'] = {
  create: unmanageable,
  update: unmanageable,
  adopt: unmanageable,
  rotate: unmanageable,
  'rotate in place': unmanageable,
  heal: unmanageable,
  revoke: unmanageable,
  prune: unmanageable,
}

const held: Effect = {
  works: 'held',
  how: 'No key is known to be unused, so it is held. `--revoke-in-use KEY` lets it go in one run.',
}

/** What becomes of each feature where a platform lacks something. The lifecycle is tested against each of them. */
export const capabilities = {
  whoami: {
    name: 'GET /api/auth/whoami',
    effects: {
      plan: otherwise(
        'The calling key is the one key of the list that ends like the credential, else the one that `--caller KEY_ID` names. The account is unknown.',
      ),
      create: otherwise(
        'A new secret is proven by its end, and by a known route (`GET /api/projects`, else the list) that does not answer 401.',
      ),
    },
  },
  usage: {
    name: 'GET /api/api-keys/{id}/usage',
    effects: {
      audit: otherwise('Rules about used permissions and projects have nothing to go by, and audit says so.'),
      apikeys: otherwise('`apikeys show` shows no figures.'),
    },
  },
  projects: {
    name: 'GET /api/projects',
    effects: {
      plan: otherwise(
        'The projects of a scope are not checked: the platform refuses a wrong one at the create.',
      ),
    },
  },
  'one key': {
    name: 'GET /api/api-keys/{id}',
    effects: { update: otherwise('A key is looked up in the list, which costs as many requests as that.') },
  },
  'If-Match': {
    name: '`If-Match` and `version`',
    effects: {
      update: otherwise(
        'Nothing tells that somebody else changed the key at the same moment: the last one wins.',
      ),
    },
  },
  'Idempotency-Key': {
    name: '`Idempotency-Key`',
    effects: {
      heal: otherwise(
        'A create whose answer was lost is repeated as a second key, and the first is revoked.',
      ),
    },
  },
  last_used_at: { name: '`last_used_at`', effects: { revoke: held, prune: held } },
  regenerated_at: {
    name: '`regenerated_at`',
    effects: {
      'rotate in place': otherwise(
        'Keys rotate by overlap: the age of a regenerated secret would be unknown.',
      ),
    },
  },
  paging: {
    name: '`next_cursor`',
    effects: {
      plan: otherwise(
        'A list of exactly as many keys as were asked for (1,000) may lack some, and counts as incomplete.',
      ),
    },
  },
  environment: {
    name: '`environment`',
    effects: { create: otherwise('A declared `environment` has no effect, and every plan warns of it.') },
  },
  regenerate: {
    name: 'POST /api/api-keys/{id}/regenerate',
    effects: {
      'rotate in place': no('The rotation fails, and names the call: declare `strategy: overlap`.'),
      apikeys: otherwise('`apikeys regenerate` fails, and names the call.'),
    },
  },
  PATCH: {
    name: 'PATCH /api/api-keys/{id}',
    effects: { ...nothingManaged, apikeys: otherwise('`apikeys update` fails, and names the call.') },
  },
  descriptions: {
    name: '`description`',
    effects: { plan: unmanageable, ...nothingManaged },
  },
} as const satisfies Readonly<Record<string, Capability>>

export type CapabilityName = keyof typeof capabilities
