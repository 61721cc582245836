import { type Mutant, type Mutation, wrongPlatform, wrongStores } from './mutant.ts'

/** Every secret goes into its stores in one place, and is marked as delivered right after. */
const marksBeforeItPuts: Mutation = {
  file: 'apply/deliver.ts',
  from: '  const places = requireAll(await delivery.put())\n  return { liveId: delivery.live.id, places, removed: await markDelivered(delivery, run) }\n',
  to: '  const removed = await markDelivered(delivery, run)\n  return { liveId: delivery.live.id, places: requireAll(await delivery.put()), removed }\n',
}

/** Steps that come in another order than they must. */
export const wrongOrders: Readonly<Record<string, Mutant>> = {
  'the marker before the delivery': {
    edits: [marksBeforeItPuts],
    caught: ['create/write-only/with the secret/before-put:1'],
    as: 'sealed.txt holds no secret',
  },
  'the predecessor revoked before the successor is delivered': {
    edits: [
      {
        file: 'apply/provision.ts',
        from: '  const delivered = await provisionInWaves([...planned, ...unfinished], others, ledger, run)\n',
        to: "  for (const change of changes) if (change.kind === 'rotate') await run.platform.revoke(change.live.id)\n  const delivered = await provisionInWaves([...planned, ...unfinished], others, ledger, run)\n",
      },
    ],
    caught: ['overlap rotation/readable/with the secret/before-create:1'],
    as: 'a consumer read a secret that does not work',
  },
  'predecessors marked after the put': {
    edits: [
      {
        file: 'apply/deliver.ts',
        from: '    retired = await retirePredecessors(live, predecessors, desired, run)\n',
        to: '    retired = []\n    void predecessors\n',
      },
      {
        file: 'apply/deliver.ts',
        from: '  return { done: await deliver({ live, marker, desired, put, fields: [], removal }, run), retired }\n',
        to: '  const done = await deliver({ live, marker, desired, put, fields: [], removal }, run)\n  return { done, retired: await retirePredecessors(live, predecessorsOf(change), desired, run) }\n',
      },
    ],
    caught: ['deleted successor/readable/with the secret/after-put:1'],
    as: 'agents.env holds another secret than that of the head, which is dead',
  },
  'a secret taken out of a store before the new one is in another': {
    edits: [wrongStores('put: async secret => { await right.remove(); return await right.put(secret) }')],
    caught: ['overlap rotation/readable/with the secret/before-put:1'],
    as: 'a store lost its secret',
  },
  'a marker that comes after the create, and not with it': {
    edits: [
      wrongPlatform(
        `create: async (key, name) => {
          const { key: bare, secret } = await right.create({ ...key, marker: null }, name)
          const description = { text: key.description, marker: key.marker }
          return { key: await right.update(bare.id, { description }, { ifMatch: null }), secret }
        }`,
      ),
    ],
    caught: ['overlap rotation/readable/with the secret/after-create:1'],
    as: 'an orphan is left',
  },
  'a leak that is marked after its successor is delivered': {
    edits: [
      {
        file: 'apply/provision.ts',
        from: "  const failed = await markLeaked(changes, marked, ledger, run)\n  const planned = startingWith('new key').filter(change => !failed.has(change))\n  const delivered = await provisionInWaves([...planned, ...unfinished], others, ledger, run)\n",
        to: "  const planned = startingWith('new key')\n  const delivered = await provisionInWaves([...planned, ...unfinished], others, ledger, run)\n  await markLeaked(changes, marked, ledger, run)\n",
      },
    ],
    caught: ['leaked key/readable/with the secret/after-patch:1'],
    as: 'the leaked secret still works',
  },
  'the marker of a regeneration before the stores that cannot be read': {
    edits: [marksBeforeItPuts],
    caught: ['in-place rotation/both/with the secret/after-patch:1'],
    as: 'sealed.txt holds another secret than that of the head',
  },
  'a marker that forgets a store before it is emptied': {
    edits: [
      {
        file: 'apply/patch.ts',
        from: '  const { removed, forgotten, trouble } = await takeOut(planned.removal, run)\n',
        to: '  const forgotten = [...planned.removal.forgotten, ...planned.removal.from.map(({ hash }) => hash)]\n',
      },
      {
        file: 'apply/patch.ts',
        from: '  if (trouble !== null) throw trouble\n',
        to: '  const { removed, trouble } = await takeOut(planned.removal, run)\n  if (trouble !== null) throw trouble\n',
      },
    ],
    caught: ['removal of a store/readable/with the secret/before-remove:1'],
    as: 'more.env holds a secret, and is not a store any more',
  },
  'a twin looked for after the delivery': {
    edits: [
      {
        file: 'apply/wave.ts',
        from: '        await resolveDuplicate(key, await look, run)\n        return await deliverNew(key, others, run)\n',
        to: '        const delivery = await deliverNew(key, others, run)\n        await resolveDuplicate(key, await look, run)\n        return delivery\n',
      },
    ],
    caught: ['lost answer/readable/none/after-patch:1'],
    as: 'more than one new generation was delivered',
  },
  'a heal that marks before it puts': {
    edits: [marksBeforeItPuts],
    caught: ['create/readable/with the secret/after-create:1/before-put:1'],
    as: 'agents.env holds no secret',
  },
  'a marker that knows of one more store before that has the secret': {
    edits: [marksBeforeItPuts],
    caught: ['one more store/readable/with the secret/before-put:1'],
    as: 'more.env holds no secret',
  },
  'a pending key revoked before its stores are looked into': {
    edits: [
      {
        file: 'apply/finish-key.ts',
        from: '    const key = { live, marker: markerOf(live) }\n    const secret =',
        to: '    const key = { live, marker: markerOf(live) }\n    if (isOfThisPlace(desired.keyId, key.marker, run.options)) await run.platform.revoke(live.id)\n    const secret =',
      },
      {
        file: 'apply/finish-key.ts',
        from: '    unreceived.push(live)\n',
        to: '    revoked.add(live.id)\n',
      },
    ],
    caught: ['overlap rotation/readable/with the secret/after-put:1'],
    as: 'a consumer read a secret that does not work',
  },
  'the stores that cannot be read first': {
    edits: [
      {
        file: 'apply/put.ts',
        from: '  return [...opened.filter(({ store }) => store.readable), ...opened.filter(({ store }) => !store.readable)]\n',
        to: '  return [...opened.filter(({ store }) => !store.readable), ...opened.filter(({ store }) => store.readable)]\n',
      },
    ],
    caught: ['create/both/none/after-put:1'],
    as: 'a key that a store handed out is left half done',
  },
  'a store read back before it has the secret': {
    edits: [wrongStores("put: async () => 'nowhere'")],
    caught: ['create/readable/with the secret/not killed'],
    as: 'gives back is not the secret that was put there',
  },
  'revocations before what they make room for': {
    edits: [
      {
        file: 'apply/execute-plan.ts',
        from: '  await revokeApproved(changes.filter(isRevocation), ledger, run)\n',
        to: '',
      },
      {
        file: 'apply/execute-plan.ts',
        from: '  await provisionAndPatch(others, ledger, run)\n',
        to: '  await Promise.all(changes.filter(isRevocation).map(({ live }) => run.platform.revoke(live.id)))\n  await provisionAndPatch(others, ledger, run)\n',
      },
    ],
    caught: ['leaked key/readable/with the secret/not killed'],
    as: 'a consumer read a secret that does not work',
  },
}
