(function () {
  'use strict';
  var data = JSON.parse(document.getElementById('data').textContent);
  var LIMIT = 200;
  function make(tag, text, attributes) {
    var node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    Object.keys(attributes || {}).forEach(function (name) { node.setAttribute(name, attributes[name]); });
    return node;
  }
  function shown(value) { return typeof value === 'string' ? value : JSON.stringify(value); }
  function short(value) { var text = shown(value).replace(/\s+/g, ' '); return text.length > 120 ? text.slice(0, 120) + '…' : text; }
  function place(at) { return at.file ? at.file + (at.line ? ':' + at.line + ':' + at.column : '') : at.layer; }
  function name(object, field) { return data.objects[object].id + ' ' + data.objects[object].fields[field][0]; }

  function valueNode(index) {
    var value = data.values[index];
    var item = make('li');
    item.append(make('code', value.path + ': ' + short(value.value)), make('div', place(value), {class: 'place'}));
    value.overridden.forEach(function (lower) {
      item.append(make('div', (lower.layer === 'default' ? 'the default is ' : 'overrides ') + short(lower.value) + (lower.file ? ' (' + place(lower) + ')' : ''), {class: 'place'}));
    });
    return item;
  }
  function why(object, field) {
    var entry = data.objects[object].fields[field];
    var box = make('div', undefined, {class: 'why'});
    box.append(make('pre', shown(entry[1])));
    var list = make('ul');
    entry[2].forEach(function (index) { list.append(valueNode(index)); });
    box.append(make('h4', entry[2].length ? 'Your values that decide it' : 'None of your values decides it'), list);
    if (entry[3].length) {
      var defaults = make('ul');
      entry[3].forEach(function (index) { defaults.append(make('li', data.defaults[index][0] + ': ' + short(data.defaults[index][1]))); });
      box.append(make('h4', 'Defaults that are written into it'), defaults);
    }
    var words = {OBJECT: data.objects[object].id, "'FIELD'": "'" + entry[0].replaceAll("'", "'\\''") + "'"};
    var command = data.why.replace(/OBJECT|'FIELD'/g, function (word) { return words[word]; });
    box.append(make('p', 'With all that decides whether it is there: ' + command));
    return box;
  }
  function toggle(button, build) {
    button.addEventListener('click', function () {
      var open = button.getAttribute('aria-expanded') === 'true';
      button.setAttribute('aria-expanded', String(!open));
      if (open) button.nextSibling.remove(); else button.after(build());
    });
    return button;
  }
  function fieldItem(object, field) {
    var entry = data.objects[object].fields[field];
    var item = make('li');
    item.append(toggle(make('button', entry[0] + ': ' + short(entry[1]), {'aria-expanded': 'false'}), function () { return why(object, field); }));
    return item;
  }
  function resultItem(object, field) {
    var item = make('li');
    var entry = data.objects[object].fields[field];
    item.append(toggle(make('button', name(object, field) + ': ' + short(entry[1]), {'aria-expanded': 'false'}), function () { return why(object, field); }));
    return item;
  }
  function lazily(details, build) {
    details.addEventListener('toggle', function () { if (details.open && !details.built) { details.built = true; details.append(build()); } });
    return details;
  }

  var components = {};
  data.objects.forEach(function (object, number) { (components[object.component] = components[object.component] || []).push(number); });
  var tree = document.getElementById('objects');
  Object.keys(components).forEach(function (component) {
    var section = make('section');
    section.append(make('h3', component));
    components[component].forEach(function (number) {
      var details = make('details');
      details.append(make('summary', data.objects[number].id));
      section.append(lazily(details, function () {
        var list = make('ul');
        data.objects[number].fields.forEach(function (_, field) { list.append(fieldItem(number, field)); });
        return list;
      }));
    });
    tree.append(section);
  });

  var reached = data.values.map(function () { return []; });
  data.objects.forEach(function (object, number) {
    object.fields.forEach(function (entry, field) { entry[2].forEach(function (value) { reached[value].push([number, field]); }); });
  });
  var values = document.getElementById('values');
  data.values.forEach(function (value, index) {
    var details = make('details');
    details.append(make('summary', value.path + ': ' + short(value.value) + ' (' + reached[index].length + (reached[index].length === 1 ? ' field)' : ' fields)')));
    values.append(lazily(details, function () {
      var list = make('ul');
      list.append(valueNode(index));
      reached[index].slice(0, LIMIT).forEach(function (at) { list.append(resultItem(at[0], at[1])); });
      if (reached[index].length > LIMIT) list.append(make('li', 'and ' + (reached[index].length - LIMIT) + ' more'));
      return list;
    }));
  });

  var findings = document.getElementById('findings');
  data.findings.forEach(function (finding) {
    var item = make('li');
    item.append(make('div', finding.severity + '[' + finding.code + ']: ' + finding.message, {class: finding.severity}));
    finding.places.forEach(function (text) { item.append(make('div', text, {class: 'place'})); });
    if (finding.hint) item.append(make('div', finding.hint));
    findings.append(item);
  });
  if (!data.findings.length) findings.append(make('li', 'There are none.'));
  if (data.stops.length) {
    var stops = make('section');
    stops.append(make('h2', 'Stops of the upgrade'));
    data.stops.forEach(function (stop) {
      var details = make('details');
      details.append(make('summary', stop.title));
      var list = make('ul');
      stop.lines.forEach(function (line) { list.append(make('li', line)); });
      details.append(list);
      stops.append(details);
    });
    findings.closest('section').after(stops);
  }

  var search = document.getElementById('search'), results = document.getElementById('results'), count = document.getElementById('count');
  search.addEventListener('input', function () {
    var words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    results.textContent = '';
    count.textContent = '';
    if (!words.length) return;
    var found = 0;
    data.objects.forEach(function (object, number) {
      object.fields.forEach(function (entry, field) {
        var text = (object.id + ' ' + entry[0] + ' ' + shown(entry[1])).toLowerCase();
        if (!words.every(function (word) { return text.indexOf(word) >= 0; })) return;
        if (found < LIMIT) results.append(resultItem(number, field));
        found += 1;
      });
    });
    count.textContent = found + (found === 1 ? ' field' : ' fields') + (found > LIMIT ? ', the first ' + LIMIT + ' are shown' : '');
  });
})();
