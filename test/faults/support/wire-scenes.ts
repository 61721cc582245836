import type { RareCall } from '../wire-rare-faults.ts'
import type { ReadingCall, WritingCall } from '../wire-faults.ts'
import { rareScenes } from './rare-scenes.ts'
import {
  type Scene,
  apply,
  begin,
  both,
  configuration,
  due,
  dueInPlace,
  edited,
  keys,
  oneKey,
  regeneration,
  retiring,
  whoami,
  withReplay,
} from './states.ts'

export type CallName = ReadingCall | WritingCall | RareCall

const call = { line: apply, nth: 1 }

export const scenes: Readonly<Record<CallName, Scene>> = {
  'list: what there is': { ...call, before: due, method: 'GET', path: keys },
  'list: rivals of a new key': { ...call, before: begin, method: 'GET', path: keys, nth: 2 },
  'list: before a revocation': { ...call, before: retiring, method: 'GET', path: keys, nth: 2 },
  'whoami: who calls': { ...call, before: due, method: 'GET', path: whoami },
  'whoami: a new secret': { ...call, before: begin, method: 'GET', path: whoami, nth: 2 },
  'whoami: a regenerated secret': { ...call, before: dueInPlace, method: 'GET', path: whoami, nth: 2 },
  projects: {
    ...call,
    before: async play => {
      await both(play)
      await play.write(configuration({ scope: '[sales-assistant]' }))
    },
    method: 'GET',
    path: /^\/api\/projects$/,
  },
  create: { ...call, before: begin, method: 'POST', path: keys },
  'create, never replayed': {
    ...call,
    before: play => withReplay(play, 'none', begin),
    method: 'POST',
    path: keys,
  },
  'create, replayed secretless': {
    ...call,
    before: play => withReplay(play, 'without the secret', begin),
    method: 'POST',
    path: keys,
  },
  'create: a successor': { ...call, before: due, method: 'POST', path: keys },
  'get: the rest of a new key': {
    ...call,
    before: async play => {
      await begin(play)
      play.bend = async (request, answer) => {
        if (request.method !== 'POST' || answer.status !== 201) return answer
        const { api_key, key } = (await answer.json()) as { api_key: { id: string }; key?: string }
        return Response.json({ api_key: { id: api_key.id }, key }, answer)
      }
    },
    method: 'GET',
    path: oneKey,
  },
  'get: after its version moved': {
    ...call,
    before: async play => {
      await edited(play)
      play.onFirst('PATCH', () => play.touch('Agents'))
    },
    method: 'GET',
    path: oneKey,
  },
  'update: a declaration': { ...call, before: edited, method: 'PATCH', path: oneKey },
  'update: delivered': { ...call, before: begin, method: 'PATCH', path: oneKey },
  'update: regenerated': { ...call, before: dueInPlace, method: 'PATCH', path: oneKey },
  regenerate: { ...call, before: dueInPlace, method: 'POST', path: regeneration },
  'regenerate, never replayed': {
    ...call,
    before: play => withReplay(play, 'none', dueInPlace),
    method: 'POST',
    path: regeneration,
  },
  'regenerate, replayed secretless': {
    ...call,
    before: play => withReplay(play, 'without the secret', dueInPlace),
    method: 'POST',
    path: regeneration,
  },
  revoke: { ...call, before: retiring, method: 'DELETE', path: oneKey },
  usage: { ...call, before: both, line: 'apikeys show Agents', method: 'GET', path: /\/usage$/ },
  ...rareScenes,
}
