import type { Mutant } from './mutant.ts'

/** Steps that come in another order than they must. */
export const wrongOrders: Readonly<Record<string, Mutant>> = {
  'the marker before the delivery': {
    edits: [
      {
        file: 'apply/deliver.ts',
        from: '  const [first, ...others] = storesOf(desired, run)\n',
        to: '  await markDelivered(key, desired, { fields: [], graceUntil: run.clock() + desired.rotation.grace, removal }, run)\n  const [first, ...others] = storesOf(desired, run)\n',
      },
    ],
    caught: ['create/write-only/with the secret/before-put:1'],
    as: 'sealed.txt holds no secret',
  },
  'the predecessor revoked before the successor is delivered': {
    edits: [
      {
        file: 'apply/make.ts',
        from: '  const delivered = await issueInWaves([...planned, ...unrecovered], ledger, limit, run)\n',
        to: "  for (const change of changes) if (change.kind === 'rotate') await run.platform.revoke(change.live.id)\n  const delivered = await issueInWaves([...planned, ...unrecovered], ledger, limit, run)\n",
      },
    ],
    caught: ['overlap rotation/readable/with the secret/before-create:1'],
    as: 'a consumer read a secret that does not work',
  },
  'a secret taken out of a store before the new one is in another': {
    edits: [
      {
        file: 'apply/deliver.ts',
        from: '  const place = await store.put(secret)\n',
        to: '  await store.remove()\n  const place = await store.put(secret)\n',
      },
    ],
    caught: ['overlap rotation/readable/with the secret/before-put:1'],
    as: 'a store lost its secret',
  },
  'a marker that comes after the create, and not with it': {
    edits: [
      {
        file: 'apply/issue.ts',
        from: '  const issued = await run.platform.create(newKey(desired, marker), idempotencyKey(marker))\n',
        to: '  const bare = await run.platform.create({ ...newKey(desired, marker), marker: null }, idempotencyKey(marker))\n  const issued = { ...bare, key: await run.platform.update(bare.key.id, { description: { text: desired.description, marker } }, { ifMatch: null }) }\n',
      },
    ],
    caught: ['overlap rotation/readable/with the secret/after-create:1'],
    as: 'an orphan is left',
  },
  'a leak that is marked after its successor is delivered': {
    edits: [
      {
        file: 'apply/make.ts',
        from: '  const exposed = await markLeaked(changes, ledger, limit, run)\n  const planned = changes.filter(change => exposed.get(change) !== null).flatMap(plannedGeneration)\n  const delivered = await issueInWaves([...planned, ...unrecovered], ledger, limit, run)\n',
        to: '  const planned = changes.flatMap(plannedGeneration)\n  const delivered = await issueInWaves([...planned, ...unrecovered], ledger, limit, run)\n  const exposed = await markLeaked(changes, ledger, limit, run)\n',
      },
    ],
    caught: ['leaked key/readable/with the secret/after-patch:1'],
    as: 'the leaked secret still works',
  },
  'the marker of a regeneration before the stores that cannot be read': {
    edits: [
      {
        file: 'apply/in-place.ts',
        from: '    const rest = await putIntoEach(secret, sealedOf(stores), new Set())\n    const everywhere = requireAll({\n      places: [...places, ...rest.places],\n      faults: [...faults, ...rest.faults],\n    })\n',
        to: '',
      },
      {
        file: 'apply/in-place.ts',
        from: '    const done = await markDelivered({ live: fresh, marker }, desired, delivered, run)\n',
        to: '    const done = await markDelivered({ live: fresh, marker }, desired, delivered, run)\n    const rest = await putIntoEach(secret, sealedOf(stores), new Set())\n    const everywhere = requireAll({ places: [...places, ...rest.places], faults: [...faults, ...rest.faults] })\n',
      },
    ],
    caught: ['in-place rotation/both/with the secret/after-patch:1'],
    as: 'sealed.txt holds another secret than that of the head',
  },
  'a marker that forgets a store before it is emptied': {
    edits: [
      {
        file: 'apply/one-patch.ts',
        from: '  const { removed, forgotten, trouble } = await takeOut(removal, run)\n',
        to: '  const forgotten = [...removal.forgotten, ...removal.from.map(({ hash }) => hash)]\n',
      },
      {
        file: 'apply/one-patch.ts',
        from: '  if (trouble !== null) throw trouble\n',
        to: '  const { removed, trouble } = await takeOut(removal, run)\n  if (trouble !== null) throw trouble\n',
      },
    ],
    caught: ['removal of a store/readable/with the secret/before-remove:1'],
    as: 'more.env holds a secret, and is no store any more',
  },
  'a twin looked for after the delivery': {
    edits: [
      {
        file: 'apply/wave.ts',
        from: '            await resolveDuplicate(key, listing, run)\n            return await deliver(key, task.desired, task.removal, run)\n',
        to: '            const delivery = await deliver(key, task.desired, task.removal, run)\n            await resolveDuplicate(key, listing, run)\n            return delivery\n',
      },
    ],
    caught: ['lost answer/readable/none/after-patch:1'],
    as: 'a key is left half done',
  },
  'a heal that marks before it puts': {
    edits: [
      {
        file: 'apply/recover.ts',
        from: '      const places = requireAll(await putIntoEach(secret, stores, holders(held, secret, stores, marker)))\n',
        to: '',
      },
      {
        file: 'apply/recover.ts',
        from: '      for (const other of left.slice(1)) await narrow(other.live, desired, other.narrowing, run)\n',
        to: '      const places = requireAll(await putIntoEach(secret, stores, holders(held, secret, stores, marker)))\n      for (const other of left.slice(1)) await narrow(other.live, desired, other.narrowing, run)\n',
      },
    ],
    caught: ['create/readable/with the secret/after-create:1/before-put:1'],
    as: 'agents.env holds no secret',
  },
  'a marker that knows of one more store before that has the secret': {
    edits: [
      {
        file: 'apply/recover.ts',
        from: '    const places = requireAll(await putIntoEach(secret, stores, holders(held, secret, stores, former)))\n',
        to: '',
      },
      {
        file: 'apply/recover.ts',
        from: "    return { action: 'delivered', liveId: live.id, places, ...done }\n",
        to: "    const places = requireAll(await putIntoEach(secret, stores, holders(held, secret, stores, former)))\n    return { action: 'delivered', liveId: live.id, places, ...done }\n",
      },
    ],
    caught: ['one more store/readable/with the secret/before-put:1'],
    as: 'more.env holds no secret',
  },
  'a pending key revoked before its stores are looked into': {
    edits: [
      {
        file: 'apply/recover.ts',
        from: '    const marker = markerOf(live)\n    const secret =\n',
        to: '    const marker = markerOf(live)\n    if (isOurs(live)) await revokeUnreceived(live, run)\n    const secret =\n',
      },
      {
        file: 'apply/recover.ts',
        from: '    await revokeUnreceived(live, run)\n    left = left.slice(1)\n',
        to: '    left = left.slice(1)\n',
      },
    ],
    caught: ['overlap rotation/readable/with the secret/after-put:1'],
    as: 'a consumer read a secret that does not work',
  },
  'the stores that cannot be read first': {
    edits: [
      {
        file: 'apply/deliver.ts',
        from: '  return [...opened.filter(({ store }) => store.readable), ...opened.filter(({ store }) => !store.readable)]\n',
        to: '  return [...opened.filter(({ store }) => !store.readable), ...opened.filter(({ store }) => store.readable)]\n',
      },
    ],
    caught: ['create/both/none/after-put:1'],
    as: 'a key that a store handed out is left half done',
  },
  'a store read back before it has the secret': {
    edits: [
      {
        file: 'apply/deliver.ts',
        from: '  const place = await store.put(secret)\n',
        to: '',
      },
      {
        file: 'apply/deliver.ts',
        from: '    const back = await store.get()\n',
        to: '    const back = await store.get()\n    await store.put(secret)\n',
      },
      { file: 'apply/deliver.ts', from: '  return place\n', to: '  return label\n' },
    ],
    caught: ['create/readable/with the secret/after-put:1'],
    as: 'gives back is not the secret that was put there',
  },
  'revocations before what they make room for': {
    edits: [
      {
        file: 'apply/execute-plan.ts',
        from: "  const revocations = changes.filter(change => change.kind === 'revoke')\n  await revokeApproved(revocations, ledger, limit, run)\n",
        to: '',
      },
      {
        file: 'apply/execute-plan.ts',
        from: '  await makeAsPlanned(\n',
        to: "  const revocations = changes.filter(change => change.kind === 'revoke')\n  await Promise.all(revocations.map(({ live }) => run.platform.revoke(live.id)))\n  await makeAsPlanned(\n",
      },
    ],
    caught: ['leaked key/readable/with the secret/not killed'],
    as: 'a consumer read a secret that does not work',
  },
}
