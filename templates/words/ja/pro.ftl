# Professionalプラン。

flow-pro-title = Professional
flow-pro-heading = Professionalアカウントを作成
flow-pro-summary = 最初のデータ収録から完成モデルまで、自分専用のワークスペースで。
flow-pro-for = 1人で製品を開発するエンジニア
flow-pro-why = センサーの生データから、動くモデルへ
flow-pro-point-1 = ログインしてすぐに使える最初のプロジェクト
flow-pro-point-2 = Professionalプランのすべてのツール
flow-pro-point-3 = 営業担当との商談なしで、今日から開始
flow-pro-next = お支払いへ進みます。お支払いが完了すると、プランが始まります。
flow-pro-choose = Professionalを選ぶ
flow-pro-submit = アカウントを作成
flow-pro-sending = アカウントを作成しています…

field-projectName-label = 最初のプロジェクトの名前
