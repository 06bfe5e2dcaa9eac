// What pages do beyond htmx: charts, the link between fields and the original, the keyboard, uploads, errors.
(function() {
  "use strict";

  function alertBox(text) {
    const box = document.getElementById("alerts");
    if (!box) return;
    box.replaceChildren();
    const div = document.createElement("div");
    div.className = "alert alert-danger";
    div.setAttribute("role", "alert");
    div.textContent = text;
    box.append(div);
    box.scrollIntoView({
      block: "nearest"
    });
  }

  const words = document.body.dataset;
  document.body.addEventListener("htmx:responseError", function(event) {
    const status = event.detail.xhr.status;
    alertBox(status === 403 ? words.refused : status === 404 ? words.missing : words.failed);
  });
  document.body.addEventListener("htmx:sendError", function() {
    alertBox(words.offline);
  });

  // A key pressed while an input method composes belongs to it: Enter takes the letters and leaves no field.
  function composing(event) {
    return event.isComposing || event.keyCode === 229;
  }

  // -- the session ended: what was typed stays; after signing in beside it, saving works again
  const session = document.getElementById("session");
  const waiting = new Set(); // forms whose saving was refused for it
  document.body.addEventListener("htmx:beforeSwap", function(event) {
    const detail = event.detail,
      renew = detail.xhr.getResponseHeader("X-Renew");
    if (detail.xhr.status !== 401 && !renew) return;
    const form = detail.requestConfig.elt.closest("form");
    if (form) waiting.add(form);
    detail.isError = false;
    detail.shouldSwap = !document.querySelector("#alerts [data-session]");
    if (renew) setTimeout(signedInAgain);
  });
  async function signedInAgain() {
    const alert = document.querySelector("[data-session]");
    if (!alert) return;
    const answer = await fetch(session.dataset.url, {
      cache: "no-store"
    });
    if (!answer.ok) return;
    const now = await answer.json();
    if (!now.user) return;
    if (session.dataset.user && session.dataset.user !== now.user) {
      alert.textContent = session.dataset.other + now.user;
      return;
    }
    document.body.setAttribute("hx-headers", JSON.stringify({
      "X-CSRFToken": now.token
    }));
    document.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((input) => {
      input.value = now.token;
    });
    alert.className = "alert alert-success";
    alert.removeAttribute("data-session");
    alert.textContent = session.dataset.again;
    // Fields save themselves when they change, so nobody would press a button for them.
    waiting.forEach((form) => {
      if (form.isConnected && form.matches("form.field")) form.requestSubmit();
    });
    waiting.clear();
  }
  window.addEventListener("focus", signedInAgain);
  document.addEventListener("visibilitychange", function() {
    if (!document.hidden) signedInAgain();
  });

  // -- what is wrong in a form stands beside its fields, as where the server draws it anew
  function forget(form) {
    form.querySelectorAll("[data-beside]").forEach((one) => one.remove());
    form.querySelectorAll(".is-invalid").forEach(function(one) {
      one.classList.remove("is-invalid");
      one.removeAttribute("aria-invalid");
      const hint = one.dataset.hint;
      if (hint) one.setAttribute("aria-describedby", hint);
      else one.removeAttribute("aria-describedby");
    });
  }

  function beside(form, name, said) {
    const all = [...form.elements].filter((one) => one.name === name && one.type !== "hidden");
    if (!all.length || all[0].type === "submit") return;
    const text = document.createElement("div");
    text.className = "invalid-feedback d-block";
    text.dataset.beside = "";
    text.id = "fault-" + name;
    text.textContent = said;
    const last = all[all.length - 1];
    (last.closest("label.form-check") || last).after(text);
    all.forEach(function(one) {
      one.dataset.hint = one.getAttribute("aria-describedby") || "";
      one.classList.add("is-invalid");
      one.setAttribute("aria-invalid", "true");
      one.setAttribute("aria-describedby", (one.dataset.hint + " " + text.id).trim());
    });
  }
  document.body.addEventListener("htmx:beforeRequest", function(event) {
    const form = event.detail.requestConfig.elt.closest("form");
    if (form) forget(form);
  });
  document.body.addEventListener("htmx:afterSwap", function(event) {
    const form = event.detail.requestConfig.elt.closest("form");
    if (!form || event.detail.target.id !== "alerts") return;
    document.querySelectorAll("#alerts [data-fault]").forEach((one) => {
      beside(form, one.dataset.fault, one.dataset.said);
    });
  });

  // -- upload progress
  document.body.addEventListener("htmx:xhr:progress", function(event) {
    const bar = event.target.querySelector && event.target.querySelector("progress.upload");
    if (bar && event.detail.lengthComputable) {
      bar.hidden = false;
      bar.max = event.detail.total;
      bar.value = event.detail.loaded;
    }
  });

  // -- forms that submit when a choice changes
  document.addEventListener("change", function(event) {
    const form = event.target.closest("form[data-auto]");
    if (form) form.requestSubmit();
  });
  document.addEventListener("click", function(event) {
    if (event.target.closest("[data-print]")) window.print();
  });

  // -- the sheet beside its original
  const original = document.querySelector(".original");

  function show(key, number) {
    if (!original) return;
    original.querySelectorAll(".shown, .shown-row").forEach((e) => e.classList.remove("shown", "shown-row"));
    const region = number && original.querySelector('g[data-doubt="' + number + '"]');
    const place = region || (key && document.getElementById("o-" + key));
    if (place) {
      place.classList.add("shown");
      const row = place.closest("tr");
      if (row) row.classList.add("shown-row");
      const here = place.getBoundingClientRect();
      const all = original.getBoundingClientRect();
      original.scrollTop += here.top - all.top - original.clientHeight / 3;
      if (region) original.scrollLeft += here.right - all.right + 24;
    }
  }
  document.addEventListener("focusin", function(event) {
    const field = event.target.closest("[data-key]");
    if (field) show(field.dataset.key, field.dataset.shown);
  });
  document.addEventListener("click", function(event) {
    const place = event.target.closest(".original [data-linked]");
    if (place) {
      const box = '.field[data-key="' + CSS.escape(place.id.slice(2)) + '"] ';
      const field = document.querySelector(box + "textarea, " + box + "input");
      if (field) field.focus();
      show(place.id.slice(2));
    }
    const read = event.target.closest(".field .read");
    if (read) show(read.closest("[data-key]").dataset.key);
    const choice = event.target.closest("[data-take]");
    if (choice) {
      const form = choice.closest("form");
      const input = form.querySelector("[name=text]");
      const theirs = form.querySelector(".state [data-theirs]").dataset.theirs;
      form.querySelector("[name=was]").value = theirs;
      if (choice.dataset.take === "theirs") {
        input.value = theirs;
        form.querySelector(".state").replaceChildren();
        form.classList.remove("wrong");
        input.focus();
      } else {
        input.dispatchEvent(new Event("change", {
          bubbles: true
        }));
      }
    }
  });

  // -- doubts of the reading: Enter confirms and goes on, N and P go to the next and the one before, whatever
  // else is typed corrects in the field they lead to; there Enter keeps it and goes on, Escape leaves it
  const ASKED = ".doubt [data-confirm], .doubt.unsettled .act a";
  let mending = null; // the row of the doubt from which a field was entered

  function open(row, text) {
    const link = row && row.querySelector("[data-mend]");
    const place = link && document.getElementById(link.getAttribute("href").slice(1));
    const input = place && place.querySelector("textarea, input:not([type=hidden])");
    if (!input || input.type === "checkbox" || input.type === "radio") return false;
    mending = input.closest("form.field") ? {
      input: input,
      id: row.id
    } : null;
    input.focus();
    if (input.select) input.select();
    if (text) input.setRangeText(text, 0, input.value.length, "end");
    return true;
  }

  function back(onward) {
    const row = mending && document.getElementById(mending.id);
    mending = null;
    const rows = [...document.querySelectorAll("#doubts .doubt")];
    const from = rows.indexOf(row);
    const ahead = onward ? [...rows.slice(from + 1), ...rows.slice(0, from + 1)] : [row];
    const button = ahead.map((one) => one && one.querySelector(ASKED)).find((one) => one);
    const summary = document.querySelector("#doubts summary");
    if (button || summary)(button || summary).focus();
  }

  function answered() {
    const rows = [...document.querySelectorAll("#doubts .doubt[data-shown]")];
    const open = rows.filter((row) => !row.classList.contains("ok"));
    const numbers = new Set(open.map((row) => row.dataset.shown));
    const paths = new Set(open.map((row) => row.dataset.path));
    document.querySelectorAll(".original [data-doubt]").forEach(function(place) {
      place.classList.toggle("ok", !place.dataset.doubt.split(" ").some((one) => numbers.has(one)));
    });
    document.querySelectorAll(".field.doubted").forEach(function(field) {
      field.classList.toggle("doubted", paths.has(field.id.slice(2)));
    });
    const beside = document.querySelector(".beside");
    if (beside && !open.length) beside.classList.remove("in-doubt");
  }

  function toNext(event) {
    const panel = document.getElementById("doubts");
    if (!panel) return;
    answered();
    if (panel.dataset.next === undefined) {
      if (event.target === panel) back(true); // all are confirmed: what waits to be settled, or the heading
      return;
    }
    const row = document.getElementById("doubt-" + panel.dataset.next);
    const button = row && row.querySelector("[data-confirm]");
    panel.removeAttribute("data-next");
    (button || panel.querySelector("summary")).focus();
  }
  document.body.addEventListener("htmx:afterSettle", toNext);
  answered();
  document.addEventListener("click", function(event) {
    const mend = event.target.closest("[data-mend]");
    if (mend && open(mend.closest(".doubt"))) {
      event.preventDefault();
      return;
    }
    const row = event.target.closest(".doubt");
    if (!row || event.target.closest("a, button")) return;
    const button = row.querySelector("[data-confirm]");
    if (button) button.focus();
    else show(row.dataset.key, row.dataset.shown);
  });
  document.addEventListener("keydown", function(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, dialog")) return;
    const all = [...document.querySelectorAll(ASKED)];
    const at = all.indexOf(event.target);
    const keys = at < 0 ? {
      n: 1,
      p: -1
    } : {
      n: 1,
      p: -1,
      arrowdown: 1,
      arrowup: -1
    };
    const step = keys[event.key.toLowerCase()];
    if (step && all.length) {
      event.preventDefault();
      const next = at < 0 ? 0 : (at + step + all.length) % all.length;
      all[next].focus();
    } else if (at >= 0 && event.key.length === 1 && event.key !== " ") {
      if (open(event.target.closest(".doubt"), event.key)) event.preventDefault();
    }
  });
  const first = document.querySelector(".beside.in-doubt .doubt [data-confirm]");
  if (first && document.activeElement === document.body && !window.location.hash) {
    first.focus({
      preventScroll: true
    });
  }
  document.body.addEventListener("htmx:afterSwap", function(event) {
    const state = event.target.querySelector && event.target.querySelector("[data-status]");
    const form = event.target.closest("form.field");
    if (!form || !state) return;
    form.classList.toggle("kept", state.dataset.status === "kept");
    form.classList.toggle("wrong", state.dataset.status !== "kept");
    if (state.dataset.status === "kept") {
      form.querySelector("[name=was]").value = state.dataset.value;
      const text = form.querySelector("[name=text]");
      if (document.activeElement !== text) text.value = state.dataset.value; // else it is being typed in again
    }
    if (mending && mending.kept === form) {
      if (state.dataset.status === "kept") back(true);
      else mending.input.focus();
    }
    const count = document.getElementById("finding-count");
    if (count && state.dataset.findings) count.textContent = state.dataset.findings;
  });
  // What was typed and taken back has nothing to keep.
  document.body.addEventListener("htmx:beforeRequest", function(event) {
    const form = event.target.closest("form.field");
    const said = (name) => form.querySelector("[name=" + name + "]").value;
    if (form && !form.classList.contains("wrong") && said("text") === said("was")) event.preventDefault();
  });
  // Enter goes down a column as in a spreadsheet, Shift+Enter up; Escape takes the last kept text back;
  // Alt+Enter breaks a line.
  document.addEventListener("keydown", function(event) {
    if (composing(event)) return;
    const input = event.target.closest("form.field textarea, form.field input:not([type=hidden])");
    if (!input) return;
    const form = input.closest("form");
    const was = form.querySelector("[name=was]").value;
    const mends = mending && mending.input === input;
    if (event.key === "Escape") {
      input.value = was;
      if (mends) back(false);
    } else if (event.key === "Enter" && !event.altKey && mends) {
      event.preventDefault();
      if (input.value === was) {
        back(false);
      } else {
        mending.kept = form; // the list comes anew with the answer, and the next one has the focus then
        input.blur();
      }
    } else if (event.key === "Enter" && event.altKey) {
      input.setRangeText("\n", input.selectionStart, input.selectionEnd, "end");
      event.preventDefault();
    } else if (event.key === "Enter") {
      event.preventDefault();
      const column = input.dataset.column;
      const fields = "form.field textarea, form.field input:not([type=hidden])";
      const all = [...document.querySelectorAll(column ? '[data-column="' + column + '"]' : fields)];
      const next = all[all.indexOf(input) + (event.shiftKey ? -1 : 1)];
      if (next) next.focus();
      else input.blur();
    }
  });

  // -- charts
  const COLOURS = {
    plan: "#8793a1",
    paid: "#1d5a96",
    green: "#2b9348",
    yellow: "#e0a100",
    red: "#c9362c",
    grey: "#9aa5b1"
  };
  const FONT = {
    fontFamily: getComputedStyle(document.body).fontFamily
  };

  function data(element) {
    const holder = document.getElementById(element.dataset.from);
    return holder ? JSON.parse(holder.textContent) : null;
  }

  function planChart(element, figures) {
    const chart = echarts.init(element, null, {
      renderer: "canvas"
    });
    chart.setOption({
      textStyle: FONT,
      animation: false,
      aria: {
        enabled: true
      },
      grid: {
        left: 44,
        right: 18,
        top: 34,
        bottom: 26
      },
      legend: {
        top: 2,
        right: 8,
        data: figures.labels
      },
      tooltip: {
        trigger: "axis",
        renderMode: "richText",
        valueFormatter: (v) => v + "%"
      },
      xAxis: {
        type: "time",
        axisLabel: {
          formatter: "{M}月"
        },
        minInterval: 28 * 86400000
      },
      yAxis: {
        type: "value",
        min: 0,
        max: (v) => Math.max(100, Math.ceil(v.max / 10) * 10),
        axisLabel: {
          formatter: "{value}%"
        }
      },
      series: [{
        name: figures.labels[0],
        type: "line",
        data: figures.plan,
        symbol: "circle",
        symbolSize: 6,
        lineStyle: {
          type: "dashed",
          color: COLOURS.plan
        },
        itemStyle: {
          color: COLOURS.plan
        },
        label: {
          show: true,
          formatter: (p) => (p.dataIndex ? p.value[1] + "%" : ""),
          position: "top",
          fontSize: 11
        }
      }, {
        name: figures.labels[1],
        type: "line",
        step: "end",
        data: figures.paid,
        showSymbol: false,
        lineStyle: {
          color: COLOURS.paid,
          width: 2
        },
        itemStyle: {
          color: COLOURS.paid
        },
        areaStyle: {
          color: COLOURS.paid,
          opacity: 0.08
        }
      }, ],
    });
    return chart;
  }

  function heatChart(element, figures) {
    const rows = figures.departments.length;
    element.classList.add(rows > 60 ? "chart-huge" : "chart-tall");
    const chart = echarts.init(element);
    const share = (p) => p.value[2] === null ? "—" : p.value[2] + "%";
    figures.values = figures.values.map((v) => v[2] === null ? {
      value: v,
      itemStyle: {
        color: "#e6e8ec"
      }
    } : v);
    chart.setOption({
      textStyle: FONT,
      animation: false,
      aria: {
        enabled: true
      },
      grid: {
        left: Math.min(190, Math.max(110, element.clientWidth * 0.32)),
        right: 16,
        top: 28,
        bottom: 12
      },
      tooltip: {
        renderMode: "richText",
        formatter: (p) => {
          const [column, row, , red, yellow, green, grey] = p.value;
          const counts = element.dataset.words.replace("%r", red).replace("%y", yellow).replace("%g", green);
          const head = figures.departments[row] + "\n" + figures.dimensions[column] + "  " + share(p);
          return head + "\n" + counts.replace("%n", grey);
        }
      },
      xAxis: {
        type: "category",
        data: figures.dimensions,
        position: "top",
        axisTick: {
          show: false
        }
      },
      yAxis: {
        type: "category",
        data: figures.departments,
        inverse: true,
        axisLabel: {
          width: 180,
          overflow: "truncate",
          fontSize: 11
        }
      },
      visualMap: {
        show: false,
        min: 0,
        max: 100,
        dimension: 2,
        inRange: {
          color: ["#c9362c", "#e9b44c", "#f3e3ab", "#a6d3ae", "#2b9348"]
        }
      },
      series: [{
        type: "heatmap",
        data: figures.values,
        label: {
          show: rows <= 60,
          formatter: (p) => {
            const [, , , red, yellow, green, grey] = p.value;
            const known = red + yellow + green;
            return grey ? share(p) + " (" + known + "/" + (known + grey) + ")" : share(p);
          },
          fontSize: 11,
          color: "#1b2430"
        },
        itemStyle: {
          borderColor: "#fff",
          borderWidth: 1
        },
        progressive: 2000
      }],
    });
    chart.on("click", (p) => {
      const place = figures.ids[p.value[1]]; // null: now another district's, which these readers may not open
      if (place) window.location = element.dataset.open.replace("0", place);
    });
    return chart;
  }
  document.querySelectorAll("[data-chart]").forEach(function(element) {
    if (element.dataset.chart === "plan") {
      const figures = data(element);
      if (figures) {
        const chart = planChart(element, figures);
        window.addEventListener("resize", () => chart.resize());
      }
    } else if (element.dataset.chart === "heat") {
      fetch(element.dataset.url).then((r) => r.json()).then(function(figures) {
        if (!figures.values.length) {
          element.textContent = element.dataset.empty;
          element.className = "empty-hint";
          return;
        }
        const chart = heatChart(element, figures);
        window.addEventListener("resize", () => chart.resize());
      });
    }
  });
})();
