/**
 * What a serf agent believes of the others, and how it changes its mind: incarnations decide between old
 * news and new (hashicorp/memberlist state.go, serf 0.7). Pure.
 */

export interface Member {
  readonly name: string; readonly addr: string; readonly tags: Readonly<Record<string, string>>;
  readonly status: 'alive' | 'leaving' | 'left' | 'failed';
  /** Suspected of being dead: it stays alive for the others until the suspicion has lasted. */
  readonly suspect: boolean;
  readonly incarnation: number;
}
export type Members = Readonly<Record<string, Member>>;

export type News =
  | { readonly type: 'alive'; readonly member: Member }
  | { readonly type: 'suspect'; readonly name: string; readonly incarnation: number }
  | { readonly type: 'dead'; readonly name: string; readonly incarnation: number }
  | { readonly type: 'left'; readonly name: string; readonly incarnation: number };

export interface Reaction {
  readonly members: Members;
  /** What is new and worth telling on; about oneself: the refutation. */
  readonly tell: readonly News[];
  /** Events as serf logs them. */
  readonly events: readonly string[];
  /** Whose suspicion begins. */
  readonly suspected: string | null;
}

const unmoved = (members: Members): Reaction => ({ members, tell: [], events: [], suspected: null });
const ip = (member: Member): string => member.addr.split(':')[0]!;
const event = (kind: string, member: Member): string => `EventMember${kind}: ${member.name} ${ip(member)}`;

export function hear(members: Members, own: string, news: News): Reaction {
  const name = news.type === 'alive' ? news.member.name : news.name;
  const known = members[name];
  const incarnation = news.type === 'alive' ? news.member.incarnation : news.incarnation;
  if (name === own) return news.type === 'alive' || !known ? unmoved(members) : refute(members, known, incarnation);
  if (news.type === 'alive') return hearAlive(members, known, news.member);
  if (!known || incarnation < known.incarnation) return unmoved(members);
  const put = (change: Partial<Member>): Members => ({ ...members, [name]: { ...known, ...change, incarnation } });
  switch (news.type) {
    case 'suspect': {
      if (known.suspect || known.status !== 'alive') return unmoved(members);
      return { members: put({ suspect: true }), tell: [news], events: [], suspected: name };
    }
    case 'dead': {
      if (known.status !== 'alive' && known.status !== 'leaving') return unmoved(members);
      return { members: put({ status: 'failed', suspect: false }), tell: [news], events: [event('Failed', known)], suspected: null };
    }
    case 'left': {
      if (known.status === 'left') return unmoved(members);
      return { members: put({ status: 'left', suspect: false }), tell: [news], events: [event('Leave', known)], suspected: null };
    }
  }
}

function hearAlive(members: Members, known: Member | undefined, member: Member): Reaction {
  const fresh: Member = { ...member, status: 'alive', suspect: false };
  if (known && fresh.incarnation <= known.incarnation) return unmoved(members);
  const back = !known || known.status !== 'alive';
  return { members: { ...members, [member.name]: fresh }, tell: [{ type: 'alive', member: fresh }], events: back ? [event('Join', fresh)] : [], suspected: null };
}

/** "I am not dead": with an incarnation that beats the rumour. */
function refute(members: Members, known: Member, incarnation: number): Reaction {
  const member: Member = { ...known, status: 'alive', suspect: false, incarnation: Math.max(known.incarnation, incarnation) + 1 };
  return { members: { ...members, [known.name]: member }, tell: [{ type: 'alive', member }], events: [], suspected: null };
}

/** Full exchange of what both know, as on a join: the other side's list as news. */
export const asNews = (members: Members): News[] => Object.values(members).map((member): News =>
  (member.status === 'failed' ? { type: 'dead', name: member.name, incarnation: member.incarnation }
    : member.status === 'left' ? { type: 'left', name: member.name, incarnation: member.incarnation } : { type: 'alive', member }));

const byName = (a: Member, b: Member): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
export const listed = (members: Members): Member[] => Object.values(members).sort(byName);
