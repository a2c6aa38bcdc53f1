// Checks of the page by itself, carried out where the address ends in `#selftest`: what a reader would do, with what must be
// seen then. The outcome is text in the page, for whoever drives the browser.

function selfTest() {
  const failed = [];
  let number = 0;
  const check = (what, holds) => {
    number += 1;
    if (!holds) failed.push(what);
  };
  const press = (target, key) => target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  const choose = (name, value) => {
    const input = document.querySelector(`input[name="${name}"][value="${value}"]`);
    input.checked = true;
    input.dispatchEvent(new Event('change', { bubbles: true }));
  };
  const drawn = () => stage.querySelectorAll('.mark').length;

  check('the file is named', byId('file').textContent === data.file);
  check('facts are drawn', NUMBER === 0 || drawn() > 0);
  check('every shown verdict is a button or its sender', byId('grid').querySelectorAll('button').length > 0 || data.cells.length === 0);

  const cells = [...byId('grid').querySelectorAll('button')].filter((button) => Number(button.dataset.explanation) >= 0);
  for (const button of cells.slice(0, 20)) {
    button.click();
    const told = data.explanations[Number(button.dataset.explanation)];
    check('a chosen cell is marked', button.getAttribute('aria-pressed') === 'true');
    check('a chosen cell is told', byId('why').textContent.includes(told.title));
    check('the slice is shown and nothing else', diagram.shown.length === told.facts.filter(([id]) => positionOf.has(id)).length);
    check('what it rests on has a ring', stage.querySelectorAll('.witness').length > 0 || told.facts.every(([, witness]) => witness === 0));
  }

  choose('scope', 'all');
  check('everything is shown', diagram.shown.length === NUMBER);
  check('few elements are drawn', stage.querySelectorAll('*').length < 4000);
  press(scroll, 'Home');
  check('the first fact is reached', look.current === diagram.shown[0]);
  const states = new Set();
  for (let count = 0; count < Math.min(NUMBER - 1, 60); count += 1) {
    press(scroll, 'ArrowDown');
    states.add(byId('devices').textContent);
  }
  check('stepping goes from fact to fact', look.current === diagram.shown[Math.min(NUMBER - 1, 60)]);
  check('devices change as time goes on', data.changes === null || NUMBER < 20 || states.size > 5);
  check('the current fact is in view', stage.querySelector('.row.is-current') !== null);
  check('the current fact is what a screen reader is told', scroll.getAttribute('aria-activedescendant') === stage.querySelector('.row.is-current')?.id);
  press(scroll, 'End');
  check('the last fact is reached', look.current === diagram.shown[diagram.shown.length - 1]);
  const withCause = diagram.shown.findLast((position) => causes[position].length > 0);
  if (withCause !== undefined) {
    lookAt(withCause);
    press(scroll, 'ArrowLeft');
    check('left leads to the cause', look.current === causes[withCause][0]);
    check('the cause tells what it led to', byId('fact').textContent.includes(`#${facts.id[withCause]} `) || effects[look.current].length > 12);
  }

  choose('spacing', 'scale');
  check('facts are drawn to scale', drawn() > 0);
  choose('spacing', 'even');
  choose('view', 'table');
  check('there is a table', byId('table').querySelectorAll('tbody tr').length === Math.min(NUMBER - part * PART, PART));
  choose('view', 'diagram');
  const word = NUMBER > 0 ? facts.text[NUMBER - 1] : '';
  byId('search').value = word;
  byId('search').dispatchEvent(new Event('input', { bubbles: true }));
  check('a search finds what it looks for', NUMBER === 0 || (diagram.shown.length > 0 && diagram.shown.every((position) => matches(position, word.toLowerCase()))));
  byId('search').value = '';
  byId('search').dispatchEvent(new Event('input', { bubbles: true }));
  if (data.users.length > 0) {
    byId('user').value = '0';
    byId('user').dispatchEvent(new Event('change', { bubbles: true }));
    check('a user is filtered by', diagram.shown.every((position) => isOfUser(position, 0)));
    byId('user').value = '-1';
    byId('user').dispatchEvent(new Event('change', { bubbles: true }));
  }
  byId('theme').click();
  check('the colours can be chosen', document.documentElement.dataset.theme !== undefined);
  byId('theme').click();
  check('no text became an element', document.querySelectorAll('img, iframe, object, embed, link, form[action]').length === 0);
  checkColours(check);
  checkNames(check);
  checkReading(check);
  checkPaper(check);

  choose('scope', 'all');
  const started = performance.now();
  const frames = 60;
  for (let frame = 0; frame < frames; frame += 1) {
    scroll.scrollTop = ((scroll.scrollHeight - scroll.clientHeight) * frame) / frames;
    paint();
  }
  const each = (performance.now() - started) / frames;
  check(`a frame is painted in time (${each.toFixed(1)} ms)`, each < 100);
  errors.forEach((error) => failed.push(`error: ${error}`));
  const output = byId('selftest');
  output.hidden = false;
  output.textContent = failed.length === 0
    ? `selftest: ok, ${number} checks, ${each.toFixed(1)} ms a frame`
    : `selftest: failed: ${failed.join('; ')}`;
}

/** What a screen reader is told of the table of verdicts and of the diagram. */
function checkReading(check) {
  const table = byId('grid').querySelector('table');
  if (table !== null) {
    const columns = table.tHead.rows[0].cells.length;
    check('verdicts are a grid', table.getAttribute('role') === 'grid');
    check('each row of verdicts has a head and all cells', [...table.tBodies[0].rows].every((row) => row.cells.length === columns && row.cells[0].scope === 'row'));
    const inOrder = table.querySelectorAll('button[tabindex="0"]');
    check('one verdict is in the order of tabs', inOrder.length === 1 || table.querySelector('button') === null);
    const first = [...table.querySelectorAll('button')].find((button) => Number(button.dataset.explanation) >= 0);
    if (first !== undefined) {
      first.click();
      check('the chosen verdict is the one in the order of tabs', first.getAttribute('tabindex') === '0');
      check('what was chosen is announced', byId('why').getAttribute('aria-live') === 'polite' && byId('why').querySelector('h3') !== null);
    }
  }
  const options = [...stage.querySelectorAll('[role="option"]')];
  check('the picture is hidden from who cannot see it', stage.querySelector('svg').getAttribute('aria-hidden') === 'true');
  check('the same is told as a list', scroll.getAttribute('role') === 'listbox' && options.every((option) => option.textContent.includes(facts.text[diagram.shown[option.ariaPosInSet - 1]])));
  byId('first').click();
  check('a step is announced', NUMBER === 0 || byId('said').textContent.includes(facts.text[look.current]));
}

/** What is printed: every fact that is shown, whole, and nothing of it is left behind. */
function checkPaper(check) {
  const shown = [...diagram.shown];
  dispatchEvent(new Event('beforeprint'));
  const words = (text) => text.replace(/\s/g, '');
  const printed = words(byId('paper').textContent);
  if (printed !== '') {
    check('every fact is printed', shown.slice(0, PRINTED).every((position) => printed.includes(words(facts.text[position]))));
    check('as many marks are printed', byId('paper').querySelectorAll('tbody .mark:not(.key *)').length === Math.min(shown.length, PRINTED));
    check('what is not printed is said', shown.length <= PRINTED || byId('paper').textContent.includes('not printed'));
  } else check('a table is printed instead', shown.length === 0 || byId('table').querySelectorAll('tbody tr').length > 0);
  dispatchEvent(new Event('afterprint'));
  check('nothing is left of the printed picture', byId('paper').childElementCount === 0 && look.view === 'diagram' && diagram.shown.length === shown.length && stage.childElementCount > 0);
}

if (wishes.has('selftest')) requestAnimationFrame(selfTest);
