/**
 * How a live key is shown to be ours by more than its marker, which anybody who may edit keys can write: a readable store has its
 * secret, it bears our signature, or the configuration names its very id with `adopt:`.
 */
export type Proof = 'store' | 'signature' | 'adopt'
