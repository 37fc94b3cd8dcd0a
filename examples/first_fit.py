import numpy as np
from mathlearn.linear_model import LinearRegression
import matplotlib.pyplot as plt
np.random.seed(0)
X = 2 * np.random.rand(100, 1)
y = 3 + 4 * X + np.random.randn(100, 1)
model = LinearRegression()
model.fit(X, y)
X_new = np.array([[0], [2]])
y_pred = model.predict(X_new)
plt.scatter(X, y, color='blue', label='Original Data'); plt.plot(X_new, y_pred, color='red', linewidth=3, label='Regression Line')
plt.xlabel('X'); plt.ylabel('y'); plt.legend(); plt.savefig('line.png')
print(model.summary()); print(model.certificate_); print(model.predict_interval(X_new)); print(model.tidy())
