// Puts the page together and answers the reader's choices.

/** Shows everything anew after a choice that changes which facts are shown. */
function show() {
  const shown = visible();
  layOut(shown);
  if (shown.length > 0 && !diagram.rows.has(look.current)) {
    const after = shown.find((position) => position >= look.current);
    look.current = after ?? shown[shown.length - 1];
  }
  scroll.hidden = look.view !== 'diagram';
  byId('table').hidden = look.view !== 'table';
  byId('zoom-label').hidden = look.spacing !== 'scale' || look.view !== 'diagram';
  byId('time').max = String(Math.max(0, shown.length - 1));
  const of = shown.length === NUMBER ? '' : ` of ${grouped(NUMBER)}`;
  byId('shown').textContent = shown.length === 0 ? 'nothing fits these choices' : `${grouped(shown.length)}${of} facts`;
  showCurrent();
}

/** Shows the fact that is looked at. */
function showCurrent() {
  const row = diagram.rows.get(look.current);
  byId('time').value = String(row ?? 0);
  byId('time').setAttribute('aria-valuetext', NUMBER > 0 ? `${time(facts.at[look.current])}: ${facts.text[look.current]}` : '');
  byId('now').textContent = NUMBER > 0 ? time(facts.at[look.current]) : '';
  if (look.view === 'table') showTable();
  else paint();
  showFact();
  showDevices();
  // The list of facts and the slider say by themselves where they are; after any other choice it is said here.
  const isSaid = document.activeElement === scroll || document.activeElement === byId('time');
  byId('said').textContent = isSaid || NUMBER === 0 ? '' : `Fact #${facts.id[look.current]} at ${time(facts.at[look.current])}: ${facts.text[look.current]}`;
}

function lookAt(position) {
  if (!diagram.rows.has(position)) {
    // It is hidden by the choices: they give way.
    look.scope = 'all';
    look.room = -1;
    look.user = -1;
    look.query = '';
    look.topics = new Set(data.topics.keys());
    showChoices();
    look.current = position;
    show();
  }
  look.current = position;
  const row = diagram.rows.get(position);
  if (row !== undefined) part = Math.floor(row / PART);
  reveal(position);
  showCurrent();
}

/** Lights up what led to a verdict. */
function explain(place) {
  look.explanation = place;
  readSlice();
  look.scope = 'slice';
  look.query = '';
  look.room = -1;
  look.user = -1;
  const witnesses = [...slice].filter(([, link]) => link.witness).map(([position]) => position);
  const last = witnesses[witnesses.length - 1] ?? [...slice.keys()].pop();
  if (last !== undefined) look.current = last;
  showWhy();
  markGrid();
  showChoices();
  show();
  reveal(look.current);
  paint();
}

function step(by) {
  const row = diagram.rows.get(look.current) ?? 0;
  const next = Math.max(0, Math.min(diagram.shown.length - 1, row + by));
  if (diagram.shown.length > 0) lookAt(diagram.shown[next]);
}

/** Sets the controls to what is looked at. */
function showChoices() {
  for (const name of ['scope', 'spacing', 'view']) {
    for (const input of document.querySelectorAll(`input[name="${name}"]`)) input.checked = input.value === look[name];
  }
  document.querySelector('input[value="slice"]').disabled = look.explanation < 0;
  byId('room').value = String(look.room);
  byId('user').value = String(look.user);
  byId('search').value = look.query;
  for (const input of byId('topics').querySelectorAll('input')) input.checked = look.topics.has(Number(input.value));
}

function showHead() {
  document.body.append(svg('svg', { width: 0, height: 0, class: 'unseen', 'aria-hidden': 'true' }, signs()));
  replace(byId('file'), breakable(data.file));
  byId('about').textContent = data.about;
  byId('status').textContent = data.status;
  byId('status').classList.add(data.exit === 0 ? 'good' : data.exit === 2 ? 'open' : 'bad');
  replace(byId('meta'), [
    `${data.reading} reading`, `seed ${data.seed}`, `at ${time(data.ended_at)} ${data.end}`, counted(data.number_of_facts, 'fact'), `digest ${data.digest}`,
  ].map((text) => el('li', {}, text)), el('li', {}, el('code', {}, data.replay)));
  replace(byId('notes'), data.notes.map((note) => el('li', {}, note)));
  const options = (names, all) => [el('option', { value: -1 }, all), names.map((name, place) => el('option', { value: place }, name))];
  replace(byId('room'), options(data.rooms, 'all rooms'));
  replace(byId('user'), options(data.users.map(([name]) => name), 'all users'));
  const occurring = new Set([...facts.kind.keys()].map(topicOf));
  replace(byId('topics'), data.topics.map((name, place) => occurring.has(place)
    ? el('label', {}, el('input', { type: 'checkbox', value: place, checked: true }), el('span', { class: `dot t${place}` }), name) : null));
  const sample = (kind, name) => el('li', {}, svg('svg', { width: 44, height: 12, 'aria-hidden': 'true' },
    svg('path', { d: 'M2 6H36', class: `arrow ${kind}`, 'marker-end': `url(#head-${kind})` })), name);
  const shape = (content, name) => el('li', {}, svg('svg', { width: 22, height: 14, 'aria-hidden': 'true' }, content), name);
  replace(byId('key'),
    CARRIERS.map((kind, place) => sample(kind, data.carriers[place])), sample('deed', 'deed or fault'),
    shape(svg('circle', { cx: 11, cy: 7, r: 5, class: 'mark' }), 'device'),
    shape(svg('rect', { x: 6, y: 2, width: 9, height: 9, class: 'mark' }), 'server'),
    shape([svg('circle', { cx: 11, cy: 7, r: 6, class: 'witness' }), svg('circle', { cx: 11, cy: 7, r: 2.5, class: 'mark' })], 'evidence'),
    data.faults.length > 0 ? shape(svg('rect', { x: 1, y: 1, width: 20, height: 12, rx: 3, fill: 'url(#hatch)', class: 'fault' }), 'fault in force') : null);
}

function listen() {
  for (const name of ['scope', 'spacing', 'view']) {
    byId(name).addEventListener('change', (event) => { look[name] = event.target.value; show(); reveal(look.current); paintSoon(); });
  }
  byId('room').addEventListener('change', (event) => { look.room = Number(event.target.value); show(); });
  byId('user').addEventListener('change', (event) => { look.user = Number(event.target.value); show(); });
  byId('search').addEventListener('input', (event) => { look.query = event.target.value; show(); });
  byId('zoom').addEventListener('input', (event) => { look.zoom = Number(event.target.value); show(); reveal(look.current); });
  byId('topics').addEventListener('change', (event) => {
    if (event.target.checked) look.topics.add(Number(event.target.value));
    else look.topics.delete(Number(event.target.value));
    show();
  });
  byId('time').addEventListener('input', (event) => { if (diagram.shown.length > 0) lookAt(diagram.shown[Number(event.target.value)]); });
  byId('first').addEventListener('click', () => step(-Infinity));
  byId('previous').addEventListener('click', () => step(-1));
  byId('next').addEventListener('click', () => step(1));
  byId('last').addEventListener('click', () => step(Infinity));
  byId('tools').addEventListener('submit', (event) => event.preventDefault());
  scroll.addEventListener('scroll', paintSoon, { passive: true });
  scroll.addEventListener('keydown', keys);
  byId('table').addEventListener('keydown', keys);
  new ResizeObserver(() => { layOut(diagram.shown); paintSoon(); }).observe(scroll);
  addEventListener('keydown', (event) => {
    if (event.key === '/' && !/input|select|textarea/i.test(event.target.tagName)) {
      event.preventDefault();
      byId('search').focus();
    }
  });
}

/** Keys of the list of facts: up and down step, left leads to the cause, right to the effect. */
function keys(event) {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const pages = Math.max(1, Math.floor(scroll.clientHeight / diagram.row) - 2);
  const steps = { ArrowUp: -1, ArrowDown: 1, PageUp: -pages, PageDown: pages, Home: -Infinity, End: Infinity };
  if (event.key in steps) step(steps[event.key]);
  else if (event.key === 'ArrowLeft') follow(look.scope === 'slice' ? slice.get(look.current)?.causes ?? [] : causes[look.current]);
  else if (event.key === 'ArrowRight') {
    follow(look.scope === 'slice'
      ? [...slice].filter(([, link]) => link.causes.includes(look.current)).map(([position]) => position) : effects[look.current]);
  } else return;
  event.preventDefault();
}

function follow(positions) {
  if (positions.length > 0) lookAt(positions[0]);
}

themeSwitch(byId('theme'));
showHead();
showGrid();
showLists();
listen();
if (data.explanations.length > 0 && wishes.get('scope') !== 'all') explain(Math.min(Number(wishes.get('explanation') ?? 0), data.explanations.length - 1));
else { showWhy(); showChoices(); show(); }
