export type Lane = 'leaked' | 'heal' | 'create' | 'rotate' | 'plan'
