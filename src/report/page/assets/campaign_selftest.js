// Checks of the page by itself, carried out where the address ends in `#selftest`.

function selfTest() {
  const failed = [];
  let number = 0;
  const check = (what, holds) => {
    number += 1;
    if (!holds) failed.push(what);
  };
  const all = () => [...byId('findings').querySelectorAll('details.finding')];
  check('every finding is there', all().length === data.findings.length);
  if (data.findings.length > 0) {
    const first = all()[0];
    first.querySelector('summary').click();
    check('a finding opens', first.open);
    check('a finding tells how it became small', data.findings[0].history.every((line) => first.textContent.includes(line)));
    check('a finding names its file', data.findings[0].file === null || first.querySelector(`a[href="${data.findings[0].file}"]`) !== null);
    byId('search').value = data.findings[0].id;
    byId('search').dispatchEvent(new Event('input'));
    check('a search finds it', all().length === 1 && all()[0].id === data.findings[0].id);
    byId('search').value = '';
    byId('search').dispatchEvent(new Event('input'));
  }
  for (const name of [...reached.rules_never, ...reached.faults_never, ...reached.steps_never, ...reached.verdicts_never]) {
    check(`${name} is shown as never reached`, [...document.querySelectorAll('.never li')].some((one) => one.textContent === name));
  }
  for (const name of [...Object.keys(reached.rules), ...Object.keys(reached.faults)]) {
    check(`${name} is shown as reached`, [...document.querySelectorAll('.reach th')].some((one) => one.textContent === name));
  }
  check('there is a chart for each plot', document.querySelectorAll('.chart svg[role="img"]').length === data.plots.length);
  check('mutants are shown where they were run', !data.kills || byId('matrix').querySelectorAll('tbody tr').length === data.kills.mutants.length);
  for (const details of document.querySelectorAll('details')) details.open = true;
  checkColours(check);
  checkNames(check);
  const styles = (figure) => [...figure.querySelectorAll('.curve')].filter((line) => line.closest('[role="img"]')).map((line) => line.getAttribute('stroke-dasharray'));
  check('points have names beside them', data.plots.filter((plot) => plot.marks === 'points').every((plot) => plot.series.every(({ name }) => [...document.querySelectorAll('.chart .tick')].some((text) => text.textContent.split(', ').includes(name)))));
  check('lines are told apart without colours', [...document.querySelectorAll('.chart')].every((figure) => new Set(styles(figure)).size === Math.min(styles(figure).length, DASHES.length)));
  const isOpen = () => [...document.querySelectorAll('details.finding')].map((one) => one.open);
  for (const details of document.querySelectorAll('details')) details.open = false;
  dispatchEvent(new Event('beforeprint'));
  check('findings are printed open', isOpen().every((one) => one));
  check('the table of mutants fits on paper', !data.kills || byId('matrix').querySelector('table').getBoundingClientRect().width <= ACROSS + 1);
  dispatchEvent(new Event('afterprint'));
  check('findings are closed again', !isOpen().some((one) => one));
  check('no text became an element', document.querySelectorAll('img, iframe, object, embed, link').length === 0);
  errors.forEach((error) => failed.push(`error: ${error}`));
  byId('selftest').hidden = false;
  byId('selftest').textContent = failed.length === 0 ? `selftest: ok, ${number} checks` : `selftest: failed: ${failed.join('; ')}`;
}

if (wishes.has('selftest')) requestAnimationFrame(selfTest);
