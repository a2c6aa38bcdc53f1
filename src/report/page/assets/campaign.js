// The page of a campaign: figures, findings, charts, what was reached, and the mutants where they were run.

const reached = data.reached;
const look = { query: '', warnings: true };
/** How wide a sheet is that lies across. */
const ACROSS = 1000;

function showHead() {
  byId('about').textContent = data.about;
  const count = data.findings.length;
  const grave = data.findings.filter((one) => one.severity !== 'warning').length;
  byId('status').textContent = count === 0 ? 'nothing found' : counted(count, 'finding');
  byId('status').classList.add(grave > 0 ? 'bad' : count > 0 ? 'open' : 'good');
  const parts = [['found', 'Findings'], ['went', 'How it went'], ['reached', 'Reached'], ...(data.kills ? [['kills', 'Mutants']] : [])];
  replace(byId('contents'), parts.map(([id, name]) => el('li', {}, el('a', { href: `#${id}` }, name))));
  const last = data.speed.sessions.findLast((session) => session.cases > 0);
  const rate = last && last.micros > 0 ? Math.round((last.cases * 1e6) / last.micros) : null;
  const novelty = data.novelty;
  const figures = [
    ['rooms', grouped(data.cases.all), `${grouped(data.cases.fresh)} afresh, ${grouped(data.cases.mutated)} made of earlier ones, ${grouped(data.cases.of_files)} of files`],
    ['actions', short(data.actions), `${short(data.facts)} facts`],
    ['speed', rate === null ? '–' : `${grouped(rate)} rooms/s`, last ? `on ${counted(last.jobs, 'thread')}, everything counted` : ''],
    ['run twice', grouped(data.cases.twice), 'and compared'],
    ['inconclusive', grouped(data.cases.inconclusive), 'cut, or something undecided'],
    ...(data.cases.panicked > 0 ? [['panicked', grouped(data.cases.panicked), 'a client did not survive them']] : []),
    ['features', grouped(novelty.seen), `at least ${grouped(novelty.unseen)} more to be expected`],
    ['next is new', `${(novelty.next_is_new_ppm / 10000).toFixed(2)} %`, 'of rooms, about'],
  ];
  replace(byId('figures'), figures.map(([name, value, more]) => el('div', {}, el('dt', {}, name), el('dd', {}, el('b', {}, value), el('span', {}, more)))));
}

function isShown(entry, place) {
  if (!look.warnings && entry.severity === 'warning') return false;
  const query = look.query.trim().toLowerCase();
  if (query === '') return true;
  const text = [data.headlines[place], entry.id, data.rules[entry.rule] ?? '', ...(entry.kinds ?? []), ...(entry.details ?? [])];
  return text.join(' ').toLowerCase().includes(query);
}

function showFindings() {
  const shown = [...data.findings.keys()].filter((place) => isShown(data.findings[place], place));
  byId('number').textContent = shown.length === data.findings.length ? '' : `${grouped(shown.length)} of ${grouped(data.findings.length)}`;
  replace(byId('findings'), shown.length > 0 ? shown.map((place) => finding(data.findings[place], place))
    : el('p', { class: 'dim' }, data.findings.length === 0 ? 'Nothing was found.' : 'Nothing fits.'));
}

const sizeOf = (size) => [counted(size.devices, 'device'), counted(size.steps, 'step'), counted(size.faults, 'fault')].join(', ');

function finding(entry, place) {
  const weight = entry.severity === 'warning' ? 'open' : 'bad';
  const kinds = entry.kinds ?? entry.details ?? [];
  return el('details', { class: 'finding', id: entry.id },
    el('summary', {},
      el('span', { class: `badge ${weight}` }, entry.rule ?? entry.problem.replaceAll('_', ' ')),
      el('span', { class: 'finding-title' }, entry.rule ? [data.rules[entry.rule], el('span', { class: 'dim' }, ` by ${[entry.party, entry.verdict, ...kinds].filter(Boolean).join(', ')}`)] : data.headlines[place]),
      el('span', { class: 'dim' }, sizeOf(entry.size)),
      el('span', { class: 'dim' }, counted(entry.rooms, 'room'))),
    el('div', { class: 'finding-body' },
      entry.rule ? el('p', {}, `${data.headlines[place]}.`) : null,
      entry.verdict ? el('p', { class: 'dim' }, `${entry.verdict}: ${data.verdicts[entry.verdict]}`) : null,
      kinds.length > 0 ? el('ul', { class: 'chips', 'aria-label': 'What leads there' }, kinds.map((kind) => el('li', {}, kind))) : null,
      shrinking(entry),
      el('p', { class: 'links-of' },
        data.paged.includes(entry.id) ? el('a', { href: `findings/${entry.id}.html` }, 'See the room') : null,
        entry.file ? el('a', { href: entry.file }, 'Scenario file') : null),
      data.replays[place] ? el('code', { class: 'command' }, data.replays[place]) : null,
      data.replays[place] && entry.rule ? el('code', { class: 'command' }, `${data.replays[place].replace('withheld run', 'withheld explain')} --rule ${entry.rule}`) : null));
}

/** From what was found to the smallest room. */
function shrinking(entry) {
  if (entry.history.length === 0) return null;
  const before = entry.size_before;
  const bar = (name, from, to) => el('tr', {}, el('th', { scope: 'row' }, name), el('td', {},
    el('span', { class: 'bar', style: `width:${Math.max(2, from * 9)}px` }, el('span', { style: `width:${(100 * to) / Math.max(1, from)}%` })),
    ` ${from} → ${to}`));
  return el('div', { class: 'shrink' },
    el('table', {}, el('caption', {}, `Made small by ${counted(entry.candidates, 'candidate')}`),
      el('tbody', {}, ['devices', 'steps', 'faults', 'users', 'rooms', 'servers'].filter((one) => before[one] > 0).map((one) => bar(one, before[one], entry.size[one])))),
    el('ol', {}, entry.history.map((line) => el('li', {}, line))));
}

function showReached() {
  // Of settings it is not known which there could be.
  const never = (names, texts) => (names === null ? null : names.length === 0 ? el('p', { class: 'good-text' }, 'All were reached.') : el('div', {}, el('p', { class: 'dim' }, `${grouped(names.length)} never reached:`),
    el('ul', { class: 'chips never' }, names.map((name) => el('li', { title: texts?.[name] }, name)))));
  const counts = (title, heading, map, missing, texts) => {
    const entries = Object.entries(map);
    const most = Math.max(1, ...entries.map(([, number]) => number));
    return el('div', { class: 'reach' }, el('h3', {}, title), never(missing, texts),
      el('div', { class: 'tall', tabindex: 0, role: 'region', 'aria-label': title }, el('table', { class: 'facts counts', 'aria-label': title },
        el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, el('span', { class: 'unseen' }, title)), el('th', { scope: 'col' }, heading))),
        el('tbody', {}, entries.map(([name, number]) => el('tr', {}, el('th', { scope: 'row', title: texts?.[name] }, breakable(name)),
          el('td', {}, el('span', { class: 'bar', style: `width:${Math.max(1, (90 * number) / most)}px` }), ` ${grouped(number)}`)))))));
  };
  const columns = ['met', 'cases', 'broken', 'warned', 'injected', 'others'];
  replace(byId('tables'),
    el('div', { class: 'reach wide' }, el('h3', {}, 'Rules'), never(reached.rules_never, data.rules),
      el('div', { class: 'tall', tabindex: 0, role: 'region', 'aria-label': 'Rules' }, el('table', { class: 'facts counts', 'aria-label': 'Rules' },
        el('thead', {}, el('tr', {}, ['rule', ...columns].map((name) => el('th', { scope: 'col', title: COLUMN_TEXTS[name] }, name)))),
        el('tbody', {}, Object.entries(reached.rules).map(([rule, tally]) => el('tr', {},
          el('th', { scope: 'row', title: data.rules[rule] }, rule),
          columns.map((name) => el('td', { class: tally[name] === 0 ? 'zero' : name === 'broken' ? 'bad' : null }, grouped(tally[name]))))))))),
    counts('Faults', 'rooms', reached.faults, reached.faults_never),
    counts('Actions', 'rooms', reached.steps, reached.steps_never),
    counts('Verdicts', 'cells', reached.verdicts, reached.verdicts_never, data.verdicts),
    Object.keys(reached.habits).length > 0 ? counts('Settings that the specification does not have', 'rooms', reached.habits, null) : null);
}

const COLUMN_TEXTS = {
  met: 'How often its condition was met',
  cases: 'In how many rooms',
  broken: 'Breaches of those on trial that count',
  warned: 'Breaches of those on trial that are warnings',
  injected: 'Injected: breaches that came of an announced fault',
  others: 'Breaches of those who are not on trial',
};

function showKills() {
  byId('kills').hidden = !data.kills;
  if (!data.kills) return;
  const { mutants } = data.kills;
  const rules = [...new Set(mutants.flatMap((one) => [...Object.keys(one.broken), ...one.named]))].sort();
  const caught = mutants.filter((one) => one.caught_by !== null).length;
  replace(byId('matrix'),
    el('p', { class: 'dim' }, `${grouped(caught)} of ${counted(mutants.length, 'way')} to be wrong caught, each tried in ${counted(data.kills.cases, 'generated room')} of seed ${data.kills.seed}. Numbers are rooms in which the rule was broken; a frame stands at the rules that are named for the mutant.`),
    el('table', { class: 'kills', 'aria-label': 'Mutants and the rules that they break' },
      el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'mutant'), el('th', { scope: 'col' }, 'caught by'), rules.map((rule) => el('th', { scope: 'col', title: data.rules[rule] }, el('span', {}, rule))))),
      el('tbody', {}, mutants.map((one) => el('tr', {},
        el('th', { scope: 'row', title: one.what }, el('b', {}, one.mutant), ` ${one.setting}`),
        el('td', { class: one.caught_by === null ? 'bad' : 'good-text' }, one.caught_by ?? 'survives'),
        rules.map((rule) => {
          const rooms = one.broken[rule] ?? 0;
          const isNamed = one.named.includes(rule);
          const share = Math.min(1, rooms / data.kills.cases);
          const depth = rooms === 0 ? 0 : 12 + Math.round(33 * Math.sqrt(share));
          return el('td', { class: isNamed ? 'named' : null, style: rooms > 0 ? `background:color-mix(in srgb, var(--${isNamed ? 'good' : 'noted'}) ${depth}%, transparent)` : null, title: `${one.mutant} broke ${rule} in ${counted(rooms, 'room')}` }, rooms > 0 ? short(rooms) : isNamed ? '0' : '');
        }))))));
}

byId('search').addEventListener('input', (event) => { look.query = event.target.value; showFindings(); });
byId('warnings').addEventListener('change', (event) => { look.warnings = event.target.checked; showFindings(); });
addEventListener('beforeprint', () => {
  addEventListener('afterprint', openAll('details.finding'), { once: true });
  fitOnPaper(byId('matrix').querySelector('table'), ACROSS);
});
themeSwitch(byId('theme'));
showHead();
showFindings();
replace(byId('charts'), data.plots.map(chart));
showReached();
showKills();
