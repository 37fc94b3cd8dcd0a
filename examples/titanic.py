"""Who survived the Titanic: odds ratios with their evidence, a question without a finite answer, and a report."""

import numpy as np

from mathlearn.datasets import load_titanic
from mathlearn.linear_model import LogisticRegression

people = load_titanic()
model = LogisticRegression(C=np.inf, formula="survived ~ C(class) + sex + age").fit(people)
print(model.summary())
print(model.ratios().round(3).to_string(index=False))
print(model.test_terms(people))
print(model.diagnose(people).verdict)

# All children of the first and second class survived: with the interaction of class and age there is no maximum,
# and the bias-reduced fit is the one that has estimates.
reduced = LogisticRegression(C=np.inf, formula="survived ~ C(class, ref='3rd') * age + sex", bias_reduction="firth")
passengers = people[people["class"] != "crew"]
print(reduced.fit(passengers).profile_intervals(passengers).round(3).to_string(index=False))

model.report("titanic.html", people)
print("written: titanic.html")
